#!/usr/bin/env python3
"""What people see of a page in Chromium at 390, 800 and 1440 pixels: no label of a drawing lies over another or is cut
off, nothing runs out of the page but what says that it scrolls, and nothing is written in hardly a contrast, light or
dark. Of reports of all kinds of runs, of replayed searches, of forecasts."""
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import report_runs
from program import ROOT, SKIPPED, TINY, ask, check, finish, run, work_dir

WIDTHS = (390, 800, 1440)
LOOK = """
addEventListener('load',()=>{
 const faults=[],wide=innerWidth,box=e=>{const r=e.getBoundingClientRect();return [r.left,r.top,r.right,r.bottom]};
 let labels=0;
 for(const svg of document.querySelectorAll('svg')){
  const frame=box(svg),texts=[...svg.querySelectorAll('text')].filter(t=>t.textContent.trim());
  if(frame[2]-frame[0]<1)continue;
  const boxes=texts.map(box);
  boxes.forEach((a,i)=>{labels++;
   if(a[0]<frame[0]-1||a[2]>frame[2]+1||a[1]<frame[1]-1||a[3]>frame[3]+1)faults.push('cut off: '+texts[i].textContent);
   for(let k=0;k<i;k++){const b=boxes[k];
    if(Math.min(a[2],b[2])-Math.max(a[0],b[0])>1&&Math.min(a[3],b[3])-Math.max(a[1],b[1])>1)
     faults.push('over each other: '+texts[k].textContent+' / '+texts[i].textContent)}})}
 const scrolls=e=>{for(;e&&e!==document.body;e=e.parentElement){const o=getComputedStyle(e).overflowX;
  if(o==='auto'||o==='scroll')return true}return false};
 for(const e of document.querySelectorAll('h1,h2,h3,p,li,dd,figcaption,summary,button,input,table,svg'))
  if(box(e)[2]>wide+1&&box(e)[2]-box(e)[0]>0&&!scrolls(e))faults.push('out of the page: '+e.tagName+' '+
   e.textContent.trim().slice(0,60));
 // contrast of what is written with the page behind it (WCAG's ratio; 3 for large or incidental text)
 const dark=matchMedia('(prefers-color-scheme: dark)').matches,faint=[],
  rgb=c=>{const v=(c.match(/[\\d.]+/g)||[]).map(Number),k=c.startsWith('color(')?255:1;
   return [v[0]*k,v[1]*k,v[2]*k,v.length>3?v[3]:1]},
  behind=e=>{if(!e)return dark?[18,18,18,1]:[255,255,255,1];const v=rgb(getComputedStyle(e).backgroundColor);
   if(v[3]===1)return v;const w=behind(e.parentElement);return [0,1,2].map(i=>v[3]*v[i]+(1-v[3])*w[i])},
  lum=c=>{const v=c.slice(0,3).map(x=>(x/=255)<=.03928?x/12.92:((x+.055)/1.055)**2.4);
   return .2126*v[0]+.7152*v[1]+.0722*v[2]};
 for(const e of document.querySelectorAll('h1,h2,h3,p,li,td,th,summary,figcaption,svg text')){
  if(!e.textContent.trim()||!e.getClientRects().length)continue;
  const s=getComputedStyle(e),ink=e instanceof SVGElement?s.fill:s.color,a=lum(rgb(ink)),b=lum(behind(e));
  const ratio=(Math.max(a,b)+.05)/(Math.min(a,b)+.05);if(ratio<3)faint.push(e.tagName+' '+e.textContent.trim().slice(0,
   30)+' '+ink+' '+ratio.toFixed(1))}
 const out=document.createElement('pre');out.className='looked';
 out.textContent=JSON.stringify({of:PAGE,faults,labels,wide,dark,faint});
 parent.document.body.append(out)})
"""


def look(chromium, folder, pages, dark=False):
    """{(name, width): what stands in its way} of pages [(name, text)]: each in frames so wide, since no window is as
    narrow as a telephone. A page gets a script, which its own rules would refuse."""
    folder, frames = pathlib.Path(folder), []
    for i, (name, page) in enumerate(pages):
        text = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
        script = f"<script>const PAGE={i};{LOOK}</script>"
        text = text.replace("</body>", script + "</body>") if "</body>" in text else text + script
        (folder / f"looked{i}.html").write_text(text, encoding="utf-8")
        frames += [f"<iframe src='looked{i}.html' style='border:0;width:{width}px;height:1000px'></iframe>"
                   for width in WIDTHS]
    frame = folder / "frame.html"
    frame.write_text("<!doctype html><meta charset='utf-8'><body>" + "".join(frames) + "</body>", encoding="utf-8")
    dom = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1600,1100",
                          f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                          "--allow-file-access-from-files", f"--user-data-dir={folder}/chromium",
                          "--virtual-time-budget=20000", "--dump-dom", frame.as_uri()], capture_output=True, text=True,
                         timeout=600, env={**os.environ, "XDG_CONFIG_HOME": str(folder)})  # which it makes
    found = [json.loads(html.unescape(one)) for one in re.findall(r'<pre class="looked">(.*?)</pre>', dom.stdout, re.S)]
    check(len(found) == len(frames), f"Chromium looked at {len(found)} of {len(frames)}: {dom.stderr[-500:]}")
    return {(pages[one["of"]][0], one["wide"]): one for one in found}


def pages(folder):
    """[name, text, labels at least]"""
    folder = pathlib.Path(folder)
    out = folder / "page.html"
    for path in [*report_runs.all_runs(folder)[1:3], *report_runs.more_runs(folder)]:
        run("report", path, "-o", out, "--samples", 1)
        yield f"report of {path.stem}", out.read_text(encoding="utf-8"), 8 if path.stem == "one" else 50
    table = folder / "table.jsonl"
    ask("eval", "-m", ROOT / "examples" / "table.json", "--method", "maxent-ts,sample", "--rollouts", "2,5", "--lambda",
        "1,3", "--seeds", "0..4", "--out", table)
    run("report", table, folder / "captions.jsonl", "-o", out)
    yield "report of a table and captions", out.read_text(encoding="utf-8"), 50
    trace = folder / "walk.trace"
    ask("search", "-m", ROOT / "docs" / "walk.json", "--seed", 3, "--sweep", 0, "--in-flight", 1, "--trace", trace)
    ask("replay", trace, "--html", out)
    yield "replay", out.read_text(encoding="utf-8"), 3
    ask("search", "-m", TINY, "-p", "x", "--rollouts", 20, "-n", 60, "--end-stop", "off", "--trace", trace)
    ask("replay", trace, "--html", out, "-m", TINY)
    yield "replay of long texts", out.read_text(encoding="utf-8"), 3
    svg = folder / "f.svg"
    for series in ("m4_hourly.csv#H10", "m4_hourly.csv#H50", "forecast_past.csv#40"):
        ask("forecast", ROOT / "data" / series, "--horizon", 12, "--svg", svg)
        yield f"forecast of {series}", f"<!doctype html><body>{svg.read_text(encoding='utf-8')}</body>", 10


def can_fail(chromium, folder):
    page = ("<!doctype html><body><svg width='200' height='50'><text x='10' y='20'>first</text><text x='14' y='22'>"
            "second</text><text x='180' y='40'>too long</text></svg><p style='width:3000px'>wide</p></body>")
    faults = " ".join(look(chromium, folder, [("a bad page", page)])["a bad page", 800]["faults"])
    for words in ("over each other: first / second", "cut off: too long", "out of the page: P"):
        check(words in faults, faults)


def all_pages(chromium, folder):
    found = list(pages(folder))
    for dark in (False, True):
        seen = look(chromium, folder, [(name, text) for name, text, _ in found], dark)
        for name, _, least in found:
            for width in WIDTHS:
                one = seen[name, width]
                check(one["dark"] == dark and one["labels"] >= least, f"{name} at {width}: {one}")
                check(not one["faults"], f"{name} at {width} pixels: {one['faults'][:8]}")
                check(one["faint"] == [], f"{name}, dark {dark}: hardly to be seen: {one['faint'][:8]}")


def main():
    chromium = shutil.which("chromium")
    if not chromium:
        print("skipped: chromium is not here")
        sys.exit(SKIPPED)
    with work_dir() as folder:
        can_fail(chromium, folder)
        all_pages(chromium, folder)
    finish(30)


if __name__ == "__main__":
    main()
