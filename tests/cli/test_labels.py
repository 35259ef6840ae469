#!/usr/bin/env python3
"""What people see of a page in Chromium at 390, 800 and 1440 pixels: no label of a drawing lies over another or is cut
off, and nothing runs out of the page but what says that it scrolls. Of reports, of a replayed search, of a forecast."""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys

import report_runs
from program import ROOT, SKIPPED, ask, check, finish, run, work_dir

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
 const out=document.createElement('pre');out.id='looked';
 out.textContent=JSON.stringify({faults,labels,wide,page:document.documentElement.scrollWidth});
 parent.document.body.append(out)})
"""


def look(chromium, folder, page, width):
    """What stands in a page's way at a width: in a frame so wide, since no window is as narrow as a telephone. The page
    gets a script, which its own rules would refuse."""
    text = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
    script = f"<script>{LOOK}</script>"
    text = text.replace("</body>", script + "</body>") if "</body>" in text else text + script
    own, frame = pathlib.Path(folder) / "looked.html", pathlib.Path(folder) / "frame.html"
    own.write_text(text, encoding="utf-8")
    frame.write_text("<!doctype html><meta charset='utf-8'><body><iframe src='looked.html' "
                     f"style='border:0;width:{width}px;height:1000px'></iframe></body>", encoding="utf-8")
    dom = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1600,1100",
                          "--allow-file-access-from-files", f"--user-data-dir={folder}/chromium",
                          "--virtual-time-budget=5000", "--dump-dom", frame.as_uri()], capture_output=True, text=True,
                         timeout=900)
    found = re.search(r'<pre id="looked">(.*?)</pre>', dom.stdout, re.S)
    check(found, f"Chromium did not look: {dom.stderr[-500:]}")
    return json.loads(html.unescape(found[1]))


def pages(folder):
    """[name, text, labels at least]"""
    folder = pathlib.Path(folder)
    out = folder / "page.html"
    for path in report_runs.all_runs(folder)[1:3]:
        run("report", path, "-o", out, "--samples", 1)
        yield f"report of {path.stem}", out.read_text(encoding="utf-8"), 50
    trace = folder / "walk.trace"
    ask("search", "-m", ROOT / "docs" / "walk.json", "--seed", 3, "--sweep", 0, "--in-flight", 1, "--trace", trace)
    ask("replay", trace, "--html", out)
    yield "replay", out.read_text(encoding="utf-8"), 3
    svg = folder / "f.svg"
    for series in ("m4_hourly.csv#H10", "m4_hourly.csv#H50", "forecast_past.csv#40"):
        ask("forecast", ROOT / "data" / series, "--horizon", 12, "--svg", svg)
        yield f"forecast of {series}", f"<!doctype html><body>{svg.read_text(encoding='utf-8')}</body>", 10


def can_fail(chromium, folder):
    page = ("<!doctype html><body><svg width='200' height='50'><text x='10' y='20'>first</text><text x='14' y='22'>"
            "second</text><text x='180' y='40'>too long</text></svg><p style='width:3000px'>wide</p></body>")
    faults = " ".join(look(chromium, folder, page, 800)["faults"])
    for words in ("over each other: first / second", "cut off: too long", "out of the page: P"):
        check(words in faults, faults)


def main():
    chromium = shutil.which("chromium")
    if not chromium:
        print("skipped: chromium is not here")
        sys.exit(SKIPPED)
    with work_dir() as folder:
        can_fail(chromium, folder)
        for name, text, least in pages(folder):
            for width in WIDTHS:
                seen = look(chromium, folder, text, width)
                check(seen["wide"] <= width and seen["labels"] >= least, f"{name} at {width}: {seen}")
                check(not seen["faults"], f"{name} at {width} pixels: {seen['faults'][:8]}")
    finish(30)


if __name__ == "__main__":
    main()
