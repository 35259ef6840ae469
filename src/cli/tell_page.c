/* cli/tell_page.c - a story as one HTML file: what happened as JSON, and a script that shows it. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tell.h"
#include "core/file.h"
#include "core/mem.h"

static const char HEAD[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width,initial-scale=1\"><title>A search, rollout by rollout</title>\n<style>\n"
    ":root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--faint:#656d76;--line:#d6dbe1;--hot:#0b62c4}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#12161c;--ink:#e6eaf0;--faint:#9aa5b1;--line:#333b46;--hot:#6cb2ff"
    "}}\n"
    "body{margin:0 auto;padding:1rem;max-width:62rem;background:var(--page);color:var(--ink);font:16px/1.45 "
    "system-ui,sans-serif}\n"
    "h1{font-size:1.3rem;margin:.2rem 0}input[type=range]{width:100%}.scroll{overflow-x:auto}table{border-collapse:"
    "collapse;font-variant-numeric:tabular-nums}th,td{padding:.15rem .7rem .15rem "
    "0;text-align:right;border-bottom:1px solid var(--line)}th:first-child,td:first-child{text-align:left}\n"
    "ul{list-style:none;padding-left:1.1rem;margin:0;border-left:1px dotted var(--line)}summary,li>span{cursor:default}"
    ".on>summary,.on>span{color:var(--hot);font-weight:600}.f{color:var(--faint);font-size:.85rem}\n"
    "svg{width:100%;height:auto;max-width:46rem}svg text{fill:var(--faint);font:12px system-ui,sans-serif}"
    "button{font:inherit}\n"
    "</style>\n<h1 id=\"head\"></h1><p class=\"f\" id=\"about\"></p>\n"
    "<p><button id=\"back\">\xE2\x86\x90</button> <button id=\"on\">\xE2\x86\x92</button> <label>rollout <output "
    "id=\"n\"></output><input id=\"at\" type=\"range\" min=\"1\" value=\"1\"></label></p>\n"
    "<div class=\"scroll\"><table id=\"way\"></table></div><div id=\"chart\"></div>\n"
    "<h2>The tree so far</h2><p class=\"f\">N rollouts passed; p of the token; K tilted mass known below, u prior mass "
    "not seen.</p><div id=\"tree\" class=\"scroll\"></div>\n<script>\nconst S=";

static const char SCRIPT[] =
    ";\nconst $=id=>document.getElementById(id),R=S.rollouts,f=(x,d=6)=>x===null?'-':x.toFixed(d),"
    "E=Math.exp,F=(a,d=6)=>{const p=a.every(x=>x===null||E(x)===0||(E(x)>=1e-3&&E(x)<1e6));return "
    "x=>x===null?'-':p?E(x).toFixed(d):E(x).toExponential(d-1)};\n"
    "const open=new Set(['']),T=[F(R.flatMap(r=>r.logp),4),...[0,1].map(i=>F(R.flatMap(r=>r.path.map(n=>n[i])),4))];\n"
    "function row(cells,tag){const tr=document.createElement('tr');for(const c of cells){const "
    "td=document.createElement(tag);td.textContent=c;tr.append(td)}return tr}\n"
    "function way(r){const t=$('way');t.replaceChildren(row(['token','p','q','K below','u below'],'th'));\n"
    " const p=F(r.logp),q=F(r.log_q),K=F(r.path.map(n=>n[0])),u=F(r.path.map(n=>n[1]));\n"
    " for(let i=0;i<=r.tokens.length;i++){const n=r.path[i]||[null,null];t.append(row([i?S.labels[r.tokens[i-1]]:"
    "'(prompt)',i?p(r.logp[i-1]):'',i?q(r.log_q[i-1]):'',K(n[0]),u(n[1])],'td'))}}\n"
    "function grow(k){const root={kids:new Map,N:0,key:''};for(let i=0;i<=k;i++){const r=R[i];let n=root;n.N++;\n"
    "  if(r.path[0])n.node=r.path[0];r.tokens.forEach((t,d)=>{if(!n.kids.has(t))n.kids.set(t,{kids:new "
    "Map,N:0,token:t,logp:r.logp[d],key:n.key+'/'+t});n=n.kids.get(t);n.N++;if(r.path[d+1])n.node=r.path[d+1];"
    "n.on=i===k});n.reward=r.reward}root.on=true;return root}\n"
    "function item(n,on,r,d){const li=document.createElement('li'),kids=[...n.kids.values()].sort((a,b)=>b.N-a.N||"
    "a.token-b.token);\n"
    " const "
    "says=(n.token===undefined?'(prompt)':S.labels[n.token])+'  N '+n.N+(n.logp===undefined?'':'  p '+T[0](n.logp))+"
    "(n.node?'  K '+T[1](n.node[0])+'  u '+T[2](n.node[1]):'')+(n.reward===undefined?'':'  r '+f(n.reward,4));\n"
    " let head;if(kids.length){const det=document.createElement('details');head=document.createElement('summary');"
    "det.open=open.has(n.key)||(on&&d<40);det.addEventListener('toggle',()=>det.open?open.add(n.key):open.delete(n.key)"
    ");det.append(head);const ul=document.createElement('ul');for(const c of "
    "kids)ul.append(item(c,on&&r.tokens[d]===c.token,r,d+1));det.append(ul);li.append(det);if(on)det.className='on'}\n"
    " else{head=document.createElement('span');li.append(head);if(on)li.className='on'}\n"
    " head.textContent=says;return li}\n"
    "function chart(k){const "
    "W=620,H=200,P=R.map(r=>r.log_z),K=R.map(r=>r.path[0]?r.path[0][0]:null),W_=R.map(r=>r.log_w),v=[...P,...K,...W_,"
    "S.log_z_exact].filter(x=>x!==null&&x>-1e300);if(!v.length)return $('chart').replaceChildren();\n"
    " const lo=Math.min(...v),hi=Math.max(...v),y=x=>H-24-(hi>lo?(x-lo)/(hi-lo):.5)*(H-40),x=i=>60+(R.length>1?"
    "i/(R.length-1):.5)*(W-80);\n"
    " const line=(a,s,w=2)=>'<path fill=\"none\" stroke=\"var(--'+s+')\" stroke-width=\"'+w+'\" "
    "d=\"'+a.map((z,i)=>z===null||z<-1e300?'':"
    "x(i).toFixed(1)+' '+y(z).toFixed(1)).filter(s=>s).map((s,i)=>(i?'L':'M')+s).join('')+'\"/>';\n"
    " $('chart').innerHTML='<svg viewBox=\"0 0 '+W+' '+H+'\" role=\"img\"><title>log Z by "
    "rollout</title>'+line(K,'faint')+line(W_,'ink',1)+line(P,'hot')+(S.log_z_exact===null?'':'<path "
    "stroke=\"var(--ink)\" "
    "stroke-dasharray=\"5 4\" d=\"M60 '+y(S.log_z_exact)+'H'+(W-20)+'\"/>')+'<path stroke=\"var(--line)\" "
    "d=\"M'+x(k)+' 8V'+(H-20)+'\"/><text x=\"54\" y=\"'+(y(hi)+4)+'\" text-anchor=\"end\">'+f(hi,3)+'</text><text "
    "x=\"54\" y=\"'+(y(lo)+4)+'\" text-anchor=\"end\">'+f(lo,3)+'</text><text x=\"60\" y=\"'+(H-4)+'\">blue: log "
    "Z\xCC\x82; thin: log W; grey: log K'+(S.log_z_exact===null?'':'; dashed: log Z, exact')+'</text></svg>'}\n"
    "function show(k){const r=R[k];$('at').value=k+1;$('n').textContent=(k+1)+' of '+R.length;\n"
    " $('head').textContent='Rollout '+(r.index+1)+': '+r.tokens.map(t=>S.labels[t]).join(' ');\n"
    " const "
    "root=r.path[0]||[null,null],m=[['z',r.log_z_rollout],['Z\xCC\x82',r.log_z],['W',r.log_w],['K',root[0]],['u',"
    "root[1]],['exact Z',S.log_z_exact]].filter(x=>x[1]!==null),g=F(m.map(x=>x[1]));\n"
    " $('about').textContent=S.method+', lambda '+S.lambda+'; reward '+f(r.reward,4)+m.map(x=>'; '+x[0]+' "
    "'+g(x[1])).join('');\n"
    " way(r);chart(k);const "
    "ul=document.createElement('ul');ul.append(item(grow(k),true,r,0));$('tree').replaceChildren("
    "ul)}\n"
    "const at=()=>+$('at').value-1,go=k=>show(Math.max(0,Math.min(R.length-1,k)));$('at').max=R.length;"
    "$('at').addEventListener('input',()=>go(at()));$('back').onclick=()=>go(at()-1);$('on').onclick=()=>go(at()+1);\n"
    "addEventListener('keydown',e=>{if(e.target.id!=='at'){if(e.key==='ArrowRight')go(at()+1);if(e.key==='ArrowLeft')"
    "go(at()-1)}});go((+location.hash.slice(1)||1)-1);\n</script></html>\n";

/* log 0 as the number that is nearest to it: JSON has no infinity, and null is no number at all. */
static void add_log(json_t **to, const char *name, double x)
{
    mts_json_add_real(to, name, x == -HUGE_VAL ? -DBL_MAX : x);
}

static json_t *path_json(const StoryRollout *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->path_count; i++) {
        json_t *node = json_array();
        add_log(&node, NULL, r->path[i].log_k);
        add_log(&node, NULL, r->path[i].log_u);
        mts_json_add(&list, NULL, node);
    }
    return list;
}

static json_t *rollout_json(const StoryRollout *r)
{
    json_t *o = json_object(), *tokens = json_array(), *logp = json_array(), *log_q = json_array();
    for (size_t i = 0; i < r->count; i++) {
        mts_json_add_int(&tokens, NULL, r->steps[i].token);
        add_log(&logp, NULL, r->steps[i].logp);
        add_log(&log_q, NULL, r->steps[i].log_q);
    }
    mts_json_add_int(&o, "index", (json_int_t)r->index);
    mts_json_add(&o, "tokens", tokens);
    mts_json_add(&o, "logp", logp);
    mts_json_add(&o, "log_q", log_q);
    mts_json_add_real(&o, "reward", r->reward);
    add_log(&o, "log_z_rollout", r->log_z_rollout);
    add_log(&o, "log_z", r->log_z);
    add_log(&o, "log_w", r->log_w);
    mts_json_add(&o, "path", path_json(r));
    return o;
}

static json_t *labels_json(const Story *s, TokenLabels *labels)
{
    json_t *o = json_object();
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->rollouts[i].count; k++) {
            char key[16];
            snprintf(key, sizeof key, "%d", (int)s->rollouts[i].steps[k].token);
            if (!json_object_get(o, key)) {
                mts_json_add_text(&o, key, token_label(labels, s->rollouts[i].steps[k].token));
            }
        }
    }
    return o;
}

static json_t *story_json(const Story *s, TokenLabels *labels)
{
    json_t *o = json_object(), *rollouts = json_array();
    for (size_t i = 0; i < s->count; i++) {
        mts_json_add(&rollouts, NULL, rollout_json(&s->rollouts[i]));
    }
    mts_json_add_text(&o, "method", s->method);
    mts_json_add_real(&o, "lambda", s->lambda);
    add_log(&o, "log_z_exact", s->log_z_exact);
    mts_json_add(&o, "labels", labels_json(s, labels));
    mts_json_add(&o, "rollouts", rollouts);
    return o;
}

/* The JSON in a script: no tag can end it. */
static bool put_json(MtsBytes *out, const char *text)
{
    bool ok = true;
    for (; ok && *text; text++) {
        ok = *text == '<' ? mts_bytes_append_str(out, "\\u003c") : mts_bytes_append(out, text, 1);
    }
    return ok;
}

int tell_page(const Story *s, TokenLabels *labels, const char *path, MtsError *err)
{
    MtsBytes out = {0};
    json_t *story = story_json(s, labels);
    char *text = story ? mts_json_text(story) : NULL;
    bool ok = text && mts_bytes_append_str(&out, HEAD) && put_json(&out, text) && mts_bytes_append_str(&out, SCRIPT);
    int rc = ok ? mts_write_file_atomic(path, out.data, out.len, err)
                : mts_fail(err, MTS_ENOMEM, "%s: memory ran out", path);
    free(text);
    json_decref(story);
    mts_bytes_free(&out);
    return rc;
}
