import { userName } from "../acls";
import { passwordCommand } from "../client-passwords";
import type { InventoryAcl, InventoryQuotas } from "../inventory/types";
import { unreadOfUsers } from "../inventory/unread";
import { nameIn } from "../kafka-user-names";
import { didYouMean } from "../near-miss";
import { defined } from "../objects";
import { countText, someOf } from "../units";
import { type Candidate, fromInventory, loginOf, split, unfitForOperator, written } from "./candidate";
import { narrowAcls, withCopies } from "./narrow";
import type { ClientLogin, ClientPlan, ClientQuestion, PlannedUser } from "./types";
import { aclText } from "./words";

class Planner {
  readonly mistakes: string[] = [];
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  private readonly users = new Map<string, PlannedUser>();
  private readonly missing: string[] = [];
  /** Users with ACLs on copies that have other names. */
  private readonly renamed: string[] = [];
  private readonly usedPasswords = new Set<string>();

  constructor(private readonly question: ClientQuestion) {}

  plan(): ClientPlan {
    const { inventory, users, exclude = [], passwords } = this.question;
    if (inventory === undefined && users === undefined)
      this.mistakes.push(
        "clients names no users: set inventory to the file that `kafka-migration inventory` writes, or list them in clients.users",
      );
    for (const candidate of this.candidates()) this.declare(candidate);
    this.sayMissing();
    this.sayUnread();
    this.sayRenamed();
    const known = [...(inventory ?? []).map((user) => user.name ?? nameIn(user.principal)), ...this.users.keys()];
    for (const name of exclude)
      if (!known.includes(name))
        this.mistakes.push(`clients.exclude: the inventory has no user "${name}"${didYouMean(name, known)}; remove it`);
    for (const name of passwords)
      if (!this.usedPasswords.has(name) && !this.missing.includes(name))
        this.mistakes.push(
          `clientPasswords.${name} is not used: ` +
            (known.includes(name)
              ? "this user is not declared with a password"
              : `there is no user "${name}"${didYouMean(name, known)}`) +
            "; remove it",
        );
    const sorted = [...this.users.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { users: sorted, mistakes: this.mistakes, warnings: this.warnings, notes: this.notes };
  }

  private candidates(): Candidate[] {
    const { users = [], inventory = [], exclude = [], own } = this.question;
    const byHand = users.map((user) => written(user, this.question.target));
    const handNames = new Set(byHand.map(({ name }) => name));
    const skipped: string[] = [];
    const found = inventory.flatMap((user): Candidate[] => {
      const name = user.name ?? nameIn(user.principal);
      if (handNames.has(name) || exclude.includes(name)) return [];
      const mine = own.get(name);
      if (mine !== undefined) {
        this.notes.push(`user ${name} does not move: it is ${mine}`);
        return [];
      }
      if (user.moves === "no") return [];
      const login = loginOf(user);
      // A password is the only condition that is checked here.
      if (user.moves === "if" && !isScram(login)) {
        skipped.push(`${name} (moves if ${user.when ?? "somebody decides so"})`);
        return [];
      }
      return [fromInventory(user, name, login)];
    });
    if (skipped.length > 0)
      this.warnings.push(
        `${countText(skipped.length, "user")} of the inventory ${skipped.length === 1 ? "is" : "are"} not declared: ` +
          `${someOf(skipped)}; write moves: "yes" for those that move, or list them in clients.users`,
      );
    // A user that is called so comes before a certificate whose common name is the same.
    const isCalledSo = ({ name, principal }: Candidate) => Number(principal === `User:${name}`);
    return [...byHand, ...found.sort((a, b) => isCalledSo(b) - isCalledSo(a))];
  }

  private declare(candidate: Candidate): void {
    const { target, own } = this.question;
    const { name, byHand } = candidate;
    const mine = own.get(name);
    if (mine !== undefined) {
      this.mistakes.push(`clients.users: "${name}" is ${mine}, which does not move; remove it`);
      return;
    }
    const whole = userName(candidate.principal);
    // Only an operator calls `User:CN=billing` billing. In Kafka both users can exist.
    if (this.users.has(name) && target === "kafka" && !byHand && !this.users.has(whole)) {
      this.declare({ ...candidate, name: whole });
      return;
    }
    if (this.users.has(name)) {
      const other = `another user of that name is declared already`;
      if (byHand) this.mistakes.push(`clients.users: "${name}" is listed twice; remove one`);
      else this.warnings.push(`${candidate.principal} is not declared on the target: ${other}`);
      return;
    }
    const unfit = target === "operator" ? unfitForOperator(candidate) : undefined;
    if (unfit !== undefined) {
      if (byHand) this.mistakes.push(`clients.users: "${name}" ${unfit}`);
      else this.warnings.push(`${candidate.principal} is not declared on the target: its name ${unfit}`);
      return;
    }
    const password = this.passwordOf(candidate);
    const login = this.loginOnTarget(candidate);
    const acls = this.aclsOf(candidate);
    this.users.set(
      name,
      defined({
        name,
        principal: this.principalOnTarget(candidate, login),
        login,
        password,
        mechanisms: target === "kafka" && isScram(login) ? mechanismsOf(candidate, login) : undefined,
        originNamespace: candidate.originNamespace,
        labels: candidate.labels,
        acls,
        quotas: this.quotasOf(candidate),
      }) as PlannedUser,
    );
  }

  /** A KafkaUser has one principal, which follows from how it logs in. */
  private principalOnTarget({ name, principal }: Candidate, login: ClientLogin): string {
    if (this.question.target === "kafka") return principal;
    return login === "tls" || login === "tls-external" ? `User:CN=${name}` : `User:${name}`;
  }

  private loginOnTarget(candidate: Candidate): ClientLogin {
    const { name, login } = candidate;
    const older = isScram(login) && mechanismsOf(candidate, login).includes("SCRAM-SHA-256");
    if (this.question.target !== "operator" || !older) return login;
    this.warnings.push(
      `user ${name} logs in with SCRAM-SHA-256 on the origin, and the target's operator makes only SCRAM-SHA-512: ` +
        "the password stays the same, but the application has to set sasl.mechanism to SCRAM-SHA-512",
    );
    return "scram-sha-512";
  }

  private passwordOf({ name, login, hasSecret }: Candidate): "origin" | "given" | undefined {
    if (!isScram(login)) return undefined;
    if (this.question.passwords.has(name)) {
      this.usedPasswords.add(name);
      return "given";
    }
    if (this.question.origin === "operator" && hasSecret && login === "scram-sha-512") return "origin";
    this.missing.push(name);
    return "given";
  }

  private sayMissing(): void {
    const { missing } = this;
    if (missing.length === 0) return;
    const names = [...missing].sort();
    this.mistakes.push(
      `clientPasswords has no password for ${countText(names.length, "user")}: ${names.join(", ")}; Kafka never reveals ` +
        `a password, so set each one as a secret (in the stack: ${passwordCommand(names[0]!)}), or leave users out ` +
        "with clients.exclude",
    );
  }

  /** An inventory without its ACLs would make users without rights. */
  private sayUnread(): void {
    const { inventory = [], unread = [] } = this.question;
    if (!inventory.some(({ moves }) => moves !== "no")) return;
    const { decisive, other } = unreadOfUsers(unread);
    const again = "write it again when the administrator may read them";
    if (decisive.length > 0)
      this.mistakes.push(`the inventory was written without ${decisive.join("; without ")}; ${again}`);
    if (other.length > 0) this.warnings.push(`the inventory was written without ${other.join("; without ")}; ${again}`);
  }

  private sayRenamed(): void {
    const { renamed, question } = this;
    if (renamed.length === 0) return;
    this.notes.push(
      `topic a is called ${question.copyOf!("a")} on the target: the topic ACLs of ${countText(renamed.length, "user")} ` +
        `are declared for both names: ${someOf(renamed.sort())}`,
    );
  }

  private aclsOf(candidate: Candidate): InventoryAcl[] {
    const { narrowing, target } = this.question;
    const { name } = candidate;
    const { acls, leftOut } =
      narrowing === undefined ? { acls: [...candidate.acls], leftOut: [] } : narrowAcls(candidate.acls, narrowing);
    if (leftOut.length > 0)
      this.notes.push(
        `user ${name}: ${countText(leftOut.length, "ACL")} left out, because nothing that they cover migrates: ` +
          someOf(leftOut.map(aclText), 5),
      );
    const { copyOf } = this.question;
    // ACLs that somebody wrote by hand name the topics of the target.
    const both = copyOf === undefined || candidate.byHand ? acls : withCopies(acls, copyOf);
    if (acls.some(({ resource }) => resource === "topic") && both !== acls) this.renamed.push(name);
    const [fit, unfit] = split(both);
    if (unfit.length > 0)
      this.warnings.push(
        `user ${name}: ${target === "operator" ? "a KafkaUser" : "@pulumi/kafka"} cannot express ` +
          `${someOf(unfit.map(aclText), 5)}; these ACLs are left out`,
      );
    return fit;
  }

  /** The fields of a KafkaUser are whole numbers, except for the rate of partitions. */
  private quotasOf({ name, quotas }: Candidate): InventoryQuotas | undefined {
    if (quotas === undefined || Object.keys(quotas).length === 0) return undefined;
    if (this.question.target === "kafka") return quotas;
    const whole = Object.fromEntries(
      Object.entries(quotas).map(([key, value]: [string, number]) => {
        if (key === "controllerMutationRate" || Number.isInteger(value)) return [key, value];
        this.warnings.push(
          `user ${name}: quota ${key} is ${value} on the origin, and a KafkaUser has whole numbers: it is rounded up ` +
            `to ${Math.ceil(value)}`,
        );
        return [key, Math.ceil(value)];
      }),
    );
    return whole;
  }
}

const isScram = (login: ClientLogin): boolean => login.startsWith("scram-");

/** Mechanisms of which nothing is known are left out. */
function mechanismsOf({ mechanisms = [] }: Candidate, login: ClientLogin): string[] {
  const known = mechanisms.filter((one) => one.startsWith("SCRAM-"));
  return known.length > 0 ? known : [login.toUpperCase()];
}

/** Decides which users of applications are declared on the target, and with what. Pure. */
export function planClients(question: ClientQuestion): ClientPlan {
  return new Planner(question).plan();
}
