/* eval/report_style.h - the page's style sheet: what eval/chart.h's and the report's classes look like, light and dark. */
#ifndef MTS_EVAL_REPORT_STYLE_H
#define MTS_EVAL_REPORT_STYLE_H

static const char REPORT_STYLE[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--faint:#656d76;--line:#d6dbe1;--soft:#f3f5f8;--right:#116329;--wrong:#b42318;--note:#fff4d6;"
    "--c0:#0b62c4;--c1:#c4470b;--c2:#1a7f37;--c3:#8a3ffc;--c4:#a8720a;--c5:#d01884;--c6:#0a7f8c;--c7:#57606a}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#12161c;--ink:#e6eaf0;--faint:#9aa5b1;--line:#333b46;--soft:#1b212a;--right:#5fd07f;--wrong:#ff8b7d;--note:#3a3113;"
    "--c0:#6cb2ff;--c1:#ff9a5c;--c2:#5fd07f;--c3:#c3a0ff;--c4:#e6bd5a;--c5:#ff86c8;--c6:#4fd4e0;--c7:#b1bac4}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:1.5rem clamp(.8rem,3vw,2.5rem);max-width:84rem;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.35rem;margin:2.6rem 0 .4rem;padding-top:.8rem;border-top:2px solid var(--line)}h3{font-size:1.1rem;margin:1.8rem 0 .3rem}\n"
    "p{margin:.3rem 0 .7rem;max-width:70rem}small,.fact{color:var(--faint)}small{font-size:.82rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.6rem 0}dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}\n"
    "nav ul{list-style:none;padding:0;margin:.6rem 0;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}a{color:var(--c0)}\n"
    ".note{background:var(--note);border-left:4px solid var(--c4);padding:.5rem .9rem;margin:.8rem 0}\n"
    ".scroll{overflow-x:auto;margin:.6rem 0 1.2rem}\n"
    "table{border-collapse:collapse;font-size:.9rem}caption{text-align:left;color:var(--faint);padding:.3rem 0;caption-side:top}\n"
    "th,td{border-bottom:1px solid var(--line);padding:.3rem .55rem;text-align:left;vertical-align:top}thead th{border-bottom:2px solid var(--line);vertical-align:bottom}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}td.n small{display:block}tbody th{font-weight:600;white-space:nowrap}table:not(.samples)>tbody>tr>td{white-space:nowrap}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr));gap:1rem 1.6rem;align-items:start}\n"
    "figure{margin:0;padding:.7rem .8rem;border:1px solid var(--line);border-radius:.4rem;min-width:0}figcaption{font-weight:600;margin-bottom:.3rem}\n"
    ".chart{display:block;width:100%;height:auto;max-width:46rem}.chart text{fill:var(--ink);font:13px system-ui,sans-serif}.chart .mid{text-anchor:middle}.chart .end{text-anchor:end}"
    ".chart .name{fill:var(--faint)}\n"
    ".grid{stroke:var(--line);fill:none}.whisker{stroke:var(--ink);fill:none;stroke-width:1.4}.bar{fill:none;stroke-width:1.3;opacity:.65}.chart .f{fill-opacity:.85}.l{fill:none;stroke-width:2}"
    ".thin{fill:none;stroke-width:1.4}.dashed{stroke-dasharray:4 3}.ink{stroke:var(--ink)}.faint{stroke:var(--faint)}\n"
    ".f.c0{fill:var(--c0)}.f.c1{fill:var(--c1)}.f.c2{fill:var(--c2)}.f.c3{fill:var(--c3)}.f.c4{fill:var(--c4)}.f.c5{fill:var(--c5)}.f.c6{fill:var(--c6)}.f.c7{fill:var(--c7)}\n"
    ".c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}.c6{stroke:var(--c6)}.c7{stroke:var(--c7)}\n"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:.3rem 0 0;font-size:.9rem}.sign{margin-right:.35rem;vertical-align:-2px;flex:none}\n"
    ".small{display:block;max-width:100%;height:auto}.channel{margin-bottom:.2rem}\n"
    ".samples>tbody>tr>td:nth-child(2){min-width:15.5rem}.samples .truth{max-width:16rem;min-width:7rem;overflow-wrap:anywhere}.samples>tbody>tr>th{white-space:normal;min-width:8rem;overflow-wrap:anywhere;max-width:11rem}\n"
    ".answers{list-style:none;margin:0;padding:0;min-width:22rem}.answers li{padding:.15rem 0 .35rem}.answers>li+li{border-top:1px dotted var(--line)}\n"
    ".fact{margin-left:.6rem;font-size:.88rem;white-space:nowrap}.right{color:var(--right);margin-left:.5rem}.wrong{color:var(--wrong);margin-left:.5rem}\n"
    ".answer{margin:.1rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;max-width:46rem}.answer p{margin:.2rem 0}summary{cursor:pointer}\n"
    ".tree,.tree ul{list-style:none;margin:0;padding-left:1.1rem;border-left:1px dotted var(--line)}.tree{overflow-x:auto;font-size:.88rem}.tree li{padding:.05rem 0;white-space:nowrap;border:0}"
    ".tree span{color:var(--faint);margin-left:.4rem}\n"
    "code{background:var(--soft);border-radius:.2rem;padding:0 .25rem;white-space:pre-wrap}\n"
    ".share{display:inline-block;width:4rem;height:.6rem;background:var(--soft);border:1px solid var(--line);vertical-align:middle}.share i{display:block;height:100%;background:var(--c0)}\n"
    "@media(max-width:52rem){figure{overflow-x:auto}.chart{min-width:28rem}.samples,.samples>*,.samples>*>tr,.samples>*>tr>*{display:block}.samples>thead{display:none}"
    ".samples>tbody>tr>*{border:0;max-width:none}.samples>tbody>tr{border-bottom:2px solid var(--line)}.answers{min-width:0}}\n"
    "@media print{details>*{display:block}.scroll{overflow:visible}}\n";

#endif
