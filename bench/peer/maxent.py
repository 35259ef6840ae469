"""MaxEnt-TS without replacement on llama.cpp: the algorithm of docs/algorithm.md with this library's means.

Rollouts run in rounds of `in_flight`, whose members select on the tree as it stood before the round. A node of the tree
is evaluated once, in the sequence of the rollout that came first; whoever comes later copies that sequence's beginning
into its own when it has to go on from there.
"""
import time

import numpy as np

from llama import Context

IMPORTED = time.perf_counter()
SHRINKAGE, EXPLORATION = 3.0, 0.1


class Node:
    """One prefix: its cut next-token distribution, what is known below it, and where its KV lies."""

    def __init__(self, sequence, length):
        self.sequence, self.length = sequence, length
        self.ids = self.logp = self.proposal = None
        self.children = {}  # index into ids -> Node
        self.known = 0.0    # kappa: prior mass of scored texts, conditional on this node
        self.tilted = 0.0   # K
        self.count, self.tilt_sum, self.tilt = 0, 0.0, 1.0  # n, sum of exp(lambda r), E

    def set_distribution(self, logits, a):
        """Support cut by top-k and top-p at the rollout temperature; probabilities at temperature 1."""
        top = np.argpartition(logits, -a.top_k)[-a.top_k:]
        top = top[np.argsort(-logits[top], kind="stable")]
        x = logits.astype(np.float64)
        largest = x.max()
        log_z = largest + np.log(np.exp(x - largest).sum())
        q = np.exp((x[top] - largest) / a.temperature)
        q /= q.sum()
        keep = int(np.searchsorted(np.cumsum(q), a.top_p)) + 1
        self.ids, self.logp = top[:keep], x[top[:keep]] - log_z
        self.proposal = q[:keep] / q[:keep].sum()

    def weights(self):
        unseen, tilt = np.ones(len(self.ids)), np.full(len(self.ids), self.tilt)
        for i, child in self.children.items():
            unseen[i], tilt[i] = max(0.0, 1 - child.known), child.tilt
        plain = self.proposal * unseen
        if plain.sum() == 0:
            return None  # all below is known
        tilted = plain * tilt
        return (1 - EXPLORATION) * tilted / tilted.sum() + EXPLORATION * plain / plain.sum()


def back_up(path, indices, tilt):
    """path: nodes from the root to the finished text, which is scored; indices: the tokens taken."""
    leaf = path[-1]
    if leaf.known == 1:
        return
    leaf.known, leaf.tilted = 1.0, tilt
    for node in path:
        node.count, node.tilt_sum = node.count + 1, node.tilt_sum + tilt
    for node in reversed(path[:-1]):
        p = np.exp(node.logp)
        node.known = sum(p[i] * child.known for i, child in node.children.items())
        node.tilted = sum(p[i] * child.tilted for i, child in node.children.items())
    path[0].tilt = path[0].tilt_sum / path[0].count
    for parent, node in zip(path, path[1:]):
        node.tilt = (node.tilt_sum + SHRINKAGE * parent.tilt) / (node.count + SHRINKAGE)


def run(a, start):
    text = open(a.prompt_file, encoding="utf-8").read()
    room = len(text.encode()) + (a.rollouts + 1) * (a.max_tokens + 1)  # a token has at least one byte
    context = Context(a.model, a.threads, room, a.rollouts + 1)
    prompt = context.tokenise(text)
    prefill_start = time.perf_counter()
    context.prefill(prompt)
    root = Node(0, len(prompt))
    root.set_distribution(context.logits((len(prompt) - 1) % context.capacity), a)
    prefill_end = time.perf_counter()
    search = Search(context, a, root)
    while len(search.texts) < a.rollouts and root.known < 1:
        search.round(min(a.in_flight, a.rollouts - len(search.texts)))
    best = int(np.argmax(search.rewards))
    end = time.perf_counter()
    return {"model": a.model, "threads": a.threads, "rollouts": len(search.texts), "prompt_tokens": len(prompt),
            "nfe": search.nfe, "decode_tokens": search.tokens, "log_z": float(np.log(np.mean(search.estimates))),
            "import_seconds": IMPORTED - start, "load_seconds": prefill_start - IMPORTED,
            "prefill_seconds": prefill_end - prefill_start, "search_seconds": end - prefill_end, "seconds": end - start,
            "best": {"text": search.texts[best].decode(errors="replace"), "reward": search.rewards[best]}}


class Search:
    def __init__(self, context, a, root):
        self.context, self.a, self.root = context, a, root
        self.rng = np.random.default_rng(a.seed)
        self.tip = {}  # sequence -> the node at which its KV ends
        self.nfe, self.tokens, self.texts, self.rewards, self.estimates = 0, 0, [], [], []

    def round(self, n):
        first, known = len(self.texts), self.root.tilted
        rollouts = [Rollout(first + i + 1, self.root) for i in range(n)]
        live = rollouts
        while live:
            self.step(live)
            live = [r for r in live if r.path[-1].ids is not None]
        for r in rollouts:
            text = b"".join(self.context.piece(t) for t in r.tokens)
            reward = -abs(len(text) - self.a.length) / self.a.length
            tilt = float(np.exp(self.a.lam * reward))
            back_up(r.path, r.indices, tilt)
            self.texts.append(text)
            self.rewards.append(reward)
            self.estimates.append(known + np.exp(r.logp - r.logq) * tilt)
            self.tokens += len(r.tokens)

    def step(self, live):
        """One more token for each live rollout; the new nodes that need a distribution are evaluated as one batch."""
        entries, waiting = [], []
        for r in live:
            node = r.path[-1]
            w = node.weights()
            w = node.proposal if w is None else w / w.sum()  # exhausted meanwhile by others of this round
            i = int(self.rng.choice(len(w), p=w))
            token = int(node.ids[i])
            child = node.children.get(i)
            if child is None:
                child = node.children[i] = Node(r.sequence, node.length + 1)
                ended = self.context.is_end(token) and not self.a.no_end
                if not ended and len(r.tokens) + 1 < self.a.max_tokens:
                    if self.tip.get(r.sequence) is not node:
                        self.context.copy(node.sequence, r.sequence, node.length)
                    self.tip[r.sequence] = child
                    waiting.append(child)
                    entries.append((r.sequence, node.length, token, True))
            r.path.append(child)
            r.tokens.append(token)
            r.indices.append(i)
            r.logp, r.logq = r.logp + node.logp[i], r.logq + np.log(w[i])
        if entries:
            self.context.decode(entries)
            self.nfe += len(entries)
            for row, child in enumerate(waiting):
                child.set_distribution(self.context.logits(row), self.a)


class Rollout:
    def __init__(self, sequence, root):
        self.sequence, self.path, self.tokens, self.indices = sequence, [root], [], []
        self.logp = self.logq = 0.0
