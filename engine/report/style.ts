/** The page's own style. The page loads nothing. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1a2330;--soft:#5b6878;--rule:#e1e6ec;
--good:#12805c;--goodbg:#e3f5ee;--wait:#8a5a00;--waitbg:#fdf1d8;--bad:#b3261e;--badbg:#fce8e6;--accent:#2563c9;
--area:#2563c91f}
@media (prefers-color-scheme:dark){:root{--paper:#10151c;--card:#19212b;--ink:#e6ebf1;--soft:#9aa8b8;
--rule:#2b3643;--good:#5cd3a8;--goodbg:#12382c;--wait:#f2c063;--waitbg:#3d2f10;--bad:#ff9a90;--badbg:#47201d;
--accent:#7db0ff;--area:#7db0ff26}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:32px 20px 64px}
header{margin-bottom:24px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 12px}
.sub,.none,.legend{color:var(--soft);margin:0}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:20px;margin-bottom:20px}
.headline{border:0;font-size:19px;font-weight:600;padding:16px 20px}
.good{color:var(--good)}.waiting{color:var(--wait)}.bad{color:var(--bad)}
.headline.good{background:var(--goodbg)}.headline.waiting{background:var(--waitbg)}
.headline.bad{background:var(--badbg)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:16px;margin:0}
.figures dt{color:var(--soft);font-size:13px}.figures dd{margin:0;font-size:18px;font-weight:600;
overflow-wrap:anywhere}
ul.warnings{margin:0;padding-left:20px}ul.warnings li{margin-bottom:6px;overflow-wrap:anywhere}
section.warn{border-left:4px solid var(--wait)}section.stop{border-left:4px solid var(--bad)}
ol.timeline{list-style:none;margin:0;padding:0 0 0 18px;border-left:2px solid var(--rule)}
ol.timeline li{position:relative;padding:0 0 14px}ol.timeline li:last-child{padding-bottom:0}
ol.timeline li::before{content:"";position:absolute;left:-24px;top:7px;width:10px;height:10px;border-radius:50%;
background:var(--accent)}
time{display:block;color:var(--soft);font-size:13px;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;font-size:13px;white-space:nowrap}
th,td{padding:7px 10px;border-bottom:1px solid var(--rule);vertical-align:top}
th:first-child,td:first-child{padding-left:0}
tr:last-child td{border-bottom:0}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.name{overflow-wrap:anywhere;min-width:180px}td small,dd small{display:block;color:var(--soft)}
.mark{font-weight:600;white-space:nowrap}
.plot{display:grid;grid-template-columns:auto 1fr;gap:4px 8px;color:var(--soft);font-size:12px;
font-variant-numeric:tabular-nums}
.share,.span{display:flex;justify-content:space-between;gap:12px}.share{flex-direction:column;text-align:right;
line-height:1}.span{grid-column:2}.span span+span{text-align:right}
svg{width:100%;height:180px;display:block}svg path{vector-effect:non-scaling-stroke}
svg .grid{stroke:var(--rule)}svg .area{fill:var(--area)}svg .line{fill:none;stroke:var(--accent);stroke-width:2.5;
stroke-linejoin:round}
svg .left{fill:none;stroke:var(--wait);stroke-width:1.5;stroke-dasharray:5 4}
.key{display:inline-block;width:22px;height:0;border-top:3px solid var(--accent);vertical-align:middle;
margin:0 6px 0 0}.key.left{border-top:2px dashed var(--wait);margin-left:18px}
.legend{font-size:13px;margin-top:8px}
@media (max-width:520px){main{padding:20px 12px 40px}section{padding:16px}thead{display:none}
tr{display:block;padding:8px 0;border-bottom:1px solid var(--rule)}tr:last-child{border-bottom:0}
td,td.name{display:block;min-width:0;padding:1px 0;border:0;text-align:left;overflow-wrap:anywhere}td.n{text-align:left}
td.n:empty{display:none}td.name{font-weight:600}td small,dd small{font-weight:400}
td[data-of]::before{content:attr(data-of) ": ";color:var(--soft)}}
@media print{body{background:none}section{break-inside:avoid}}
`;
