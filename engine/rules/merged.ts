import { listed, type Saying } from "./rule";
import { inEach } from "./unknown";
import { type MirrorView, type Subject, wholeOf } from "./view";

interface Said<At extends Subject = Subject> {
  at: At;
  say: Saying;
}

/** The key of a client without the prefix that says which client. */
const PREFIX = /^(?:(?:source|target)\.)?(?:producer|consumer|admin)\.(?:override\.)?/;

/** Stands for the key in an advice, so that the advice for two keys can be compared. */
const KEY = "\0";

/**
 * Reports keys of one block with the same fault in one message. The advice may name the key: `write
 * producer.override.linger.ms`.
 */
export function merged(sayings: readonly Saying[]): Saying[] {
  const groups = new Map<string, { first: Saying; keys: string[]; rest: string; advice: string; words: string[] }>();
  for (const saying of sayings) {
    const [, quoted = "", rest = saying.seen] = /^("[^"]*")(.*)$/s.exec(saying.seen) ?? [];
    const { advice, word } = withoutKey(saying.instead, quoted.slice(1, -1));
    const name = JSON.stringify([rest, saying.why, advice]);
    const group = groups.get(name) ?? groups.set(name, { first: saying, keys: [], rest, advice, words: [] }).get(name)!;
    // One cluster can be both sides of an entry.
    if (quoted === "" || group.keys.includes(quoted)) continue;
    group.keys.push(quoted);
    if (word !== undefined) group.words.push(word);
  }
  const plural = (rest: string) =>
    rest.replace(" has no ", " have no ").replace(" does not ", " do not ").replace(" reaches ", " reach ");
  const them = (text: string) => text.replace(/\b(reads?|write|leave) it\b/g, "$1 them");
  return [...groups.values()].map(({ first, keys, rest, advice, words }) =>
    keys.length < 2
      ? first
      : {
          seen: `${keys.join(", ")}${plural(rest)}`,
          why: them(first.why),
          instead: them(advice.replace(KEY, words.join(", "))),
        },
  );
}

/** Replaces the word of an advice that has the key in it. */
function withoutKey(instead: string, key: string): { advice: string; word?: string } {
  const bare = key.replace(PREFIX, "");
  const words = instead.split(" ").filter((one) => one === bare || one.endsWith(`.${bare}`));
  const word = bare === "" || words.length !== 1 ? undefined : words[0];
  return word === undefined ? { advice: instead } : { advice: instead.replace(word, KEY), word };
}

/**
 * Reports the same keys with the same fault in several blocks once, with the list of the blocks. Entries of a resource
 * can share a cluster, so the blocks of clusters are those of all its entries.
 */
export function oncePerKey(mirrors: readonly MirrorView[], look: (mirror: MirrorView) => Saying[]): Said[] {
  const said = inEach(mirrors, (at) => look(at).map((say): Said<MirrorView> => ({ at, say })));
  const clusters = [...new Set(said.map(({ at }) => at.resource))].flatMap((resource) => {
    const own = said.filter(({ at, say }) => at.resource === resource && !isOfConnector(say));
    return own.length === 0 ? [] : inBlocks(own.map(({ say }) => say)).map((say) => ({ at: wholeOf(own[0]!.at), say }));
  });
  const connectors = mirrors.flatMap((at) => {
    const own = said.filter((one) => one.at === at && isOfConnector(one.say));
    return inBlocks(own.map(({ say }) => say)).map((say) => ({ at, say }));
  });
  return [...connectors, ...clusters];
}

const isOfConnector = ({ seen }: Saying) => PLACED.exec(seen)?.[2]?.endsWith("Connector.config") === true;

/** The keys, their block, and the fault. */
const PLACED = /^((?:"[^"]*"(?:, )?)+) in (\S+)( .*)$/s;

function inBlocks(sayings: readonly Saying[]): Saying[] {
  const groups = new Map<string, { first: Saying; keys: string; blocks: string[]; rest: string; advice: string }>();
  for (const saying of sayings) {
    const [, keys = "", block = "", rest = ""] = PLACED.exec(saying.seen) ?? [];
    const name = JSON.stringify(keys === "" ? saying : [keys, rest, saying.why, commonAdvice(saying.instead)]);
    const group =
      groups.get(name) ??
      groups.set(name, { first: saying, keys, blocks: [], rest, advice: saying.instead }).get(name)!;
    if (!group.blocks.includes(block)) group.blocks.push(block);
    if (saying.instead.length > group.advice.length) group.advice = saying.instead;
  }
  return [...groups.values()].map(({ first, keys, blocks, rest, advice }) =>
    blocks.length < 2
      ? first
      : {
          seen: `${keys} in ${listed(blocks.sort()).replace(/, ([^,]*)$/, " and $1")}${rest}`,
          why: first.why,
          instead: advice,
        },
  );
}

/** One typing error gets the same question everywhere. Only some blocks add where the correct key belongs. */
const commonAdvice = (instead: string): string => /^did you mean "[^"]*"\?/.exec(instead)?.[0] ?? instead;
