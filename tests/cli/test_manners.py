#!/usr/bin/env python3
"""How the program behaves among others: pipes, files, near misses, its manual, what shells complete, settings of one's
own."""
import json
import os
import pathlib
import re
import shutil
import subprocess

from program import DEAR, NOBODY, PROGRAM, TINY, ask, check, finish, refuse, run, work_dir, write_table

COMMANDS = re.findall(r"^  (\w+) ", run("--help").stdout.decode().replace("  man  ", "").replace("  help  ", ""), re.M)


def told(*args, **kw):
    """Standard output of a run that must succeed and say nothing else."""
    done = run(*args, **kw)
    check(done.returncode == 0 and not done.stderr, f"{args}: {done}")
    return done.stdout.decode()


def texts(folder, table):
    """--text and generate: the text and nothing else."""
    for model, more in ((table, ()), (TINY, ("-p", "hello", "-n", 12))):
        whole = ask("generate", "-m", model, *more, "--temperature", 0)
        check(told("generate", "-m", model, *more, "--temperature", 0) == whole["text"] + "\n", "generate in a pipe")
        check(told("generate", "-m", model, *more, "--temperature", 0, "--text") == whole["text"] + "\n", "--text")
        found = ask("search", "-m", model, *more, "--rollouts", 3)
        check(told("search", "-m", model, *more, "--rollouts", 3, "--text") == found["best"]["text"] + "\n", "search")
        check(found["rollouts_asked"] == 3 and found["rollouts"] <= 3, found)
    marked = folder / "marked.json"
    marked.write_bytes(b"\xef\xbb\xbf" + table.read_bytes()) # as editors of another system begin a file
    check(told("search", "-m", marked, "--text") == told("search", "-m", table, "--text"), "a mark of byte order")
    refuse(2, ["--json", "--text"], "search", "-m", table, "--json", "--text")
    refuse(2, ["--text"], "score", "-m", table, "--text", "-p", "1")
    nul = ask("search", "-m", TINY, "-p", "hi", "--constraint", r"a\x00b", "-n", 8, "--rollouts", 2, "--top-k", 0,
              "--top-p", 1)
    check(nul["best"]["text"] == "a\0b", nul["best"])
    check(ask("generate", "-m", TINY, "-p", "hi", "--constraint", r"a\x00b", "-n", 8)["text"] == "a\0b", "a NUL")
    check(told("generate", "-m", TINY, "-p", "hi", "--constraint", r"a\x00b", "-n", 8) == "a\0b\n", "byte for byte")


def idle(table):
    """Options that change nothing beside the others are named, and the result is what it is without them."""
    search = ("search", "-m", table, "--rollouts", 3)
    for options, said in (
            (("--expansion", 2), "maxts: search: nothing that maxent-ts finds depends on --expansion;"),
            (("--method", "smc", "--sweep", 3, "--seed", 1, "--level", 1), "smc finds depends on --level, --sweep;"),
            (("--method", "greedy", "--seed", 3, "--lambda", 2), ""), # which all methods are given that are compared
            (("--order", "any"), "maxts: search: --order changes nothing without --schema\n"),
            (("--min-rollouts", 2), "--min-rollouts changes nothing without --log-z-tolerance or --mass-tolerance\n"),
            (("--header", "on"), "--header changes nothing without --series\n"),
            (("--sweep", 3, "--min-rollouts", 2, "--mass-tolerance", .1), "")):
        done = run(*search, *options)
        check(done.returncode == 0 and said in done.stderr.decode() and bool(said) == bool(done.stderr), done)
        check(not run(*search, *options, "--quiet").stderr, "--quiet")
    tolerant = ask(*search, "--method", "smc", "--log-z-tolerance", 1, "--quiet")
    check(tolerant["log_z_biased"] is None, "a stop that smc does not have biases nothing")


def files(folder, table):
    """-o: what a pipe would get, whole or not at all."""
    path = folder / "result.json"
    for command in (["inspect"], ["score", "-p", "1"], ["tokenize", "-p", "1,2"], ["generate", "--json"], ["generate"],
                    ["search", "--rollouts", 2], ["verify", "--runs", 3]):
        plain = told(command[0], "-m", table, *command[1:])
        check(told(command[0], "-m", table, *command[1:], "-o", path) == "", f"{command}: nothing beside the file")
        times = r'"(prefill_|decode_)?seconds":[^,}]*'
        check(re.sub(times, "", path.read_text()) == re.sub(times, "", plain), f"{command}: {path.read_text()}")
    before = path.read_bytes()
    refuse(1, ["none"], "search", "-m", folder / "none", "-o", path)
    check(path.read_bytes() == before, "a failure leaves the file as it was")
    if os.name == "posix":
        os.mkfifo(folder / "pipe")
        refuse(1, ["pipe: is not a regular file"], "inspect", "-m", folder / "pipe", timeout=60) # nobody writes there
    refuse(2, ["from 1 to 1048576"], "bench", "-m", TINY, "--prefill", "x")
    refuse(2, ["method maxent-ts rollouts=1 is asked for twice"], "eval", "-m", table, "--rollouts", "1,1", "-o", path)
    refuse(1, ["no-such"], "inspect", "-m", table, "-o", folder / "no-such" / "file")
    for device in "/dev/stdout", "-":
        check(json.loads(told("inspect", "-m", table, f"--out={device}"))["texts"] == 7, "a device")
    check(not os.path.exists("-"), "- is standard output")


def apart(folder, table):
    """What is written is none of the files that are read, by whatever name, and no two outputs are one file."""
    mine, link, new = folder / "mine.json", folder / "link.json", folder / "new"
    shutil.copy(table, mine)
    link.symlink_to(mine)
    search = ["search", "--rollouts", 2, "-m", mine]
    for option in ("--save", "--trace", "-o"):
        for name in (mine, link, f"{folder}/./mine.json"):
            refuse(2, ["would write over --model"], *search, option, name)
    aside = folder / "aside"
    aside.symlink_to("new") # which is not there yet
    for same in (new, f"{folder}/./new", f"{folder}/../{folder.name}/new", aside):
        refuse(2, ["--save would write over --trace"], *search, "--save", new, "--trace", same)
    refuse(2, ["would write over", "which is read"], "series", mine, "-o", mine)
    refuse(2, ["would write over", "which is read"], "forecast", f"{mine}#1", "--horizon", 2, "--csv", mine)
    refuse(2, ["--svg would write over --csv"], "forecast", mine, "--horizon", 2, "--csv", new, "--svg", new)
    refuse(2, ["--merge would write over", "which is read"], "eval", "--merge", mine, new, link)
    spaced = folder / "of two words.json"
    spaced.symlink_to(mine)
    for spec in f"length:9 + evidence:{mine},prior=1", f"class-spectral:{link}", f"2*evidence:{spaced} + length:9":
        refuse(2, ["--trace would write over --reward"], "search", "-m", TINY, "--reward", spec, "--trace", mine)
    refuse(2, ["--reward would write over --model"], *search, "--reward", f"command:timeout=2 log={link} cat")
    refuse(2, ["--reward would write over --save", "new"], *search, "--reward", f"command:log={new} cat", "--save", new)
    # what is read without a name of its own: a record's signals, a reward's program, standard input, the settings
    header, signals = folder / "r.hea", folder / "r.dat"
    header.write_text("r 1 100 4\nr.dat 16 200(0)/mV 16 0 1 10 0 a\n")
    signals.write_bytes(b"\1\0\2\0\3\0\4\0")
    for one, other in (header, signals), (signals, header):
        before = other.read_bytes()
        refuse(2, ["--out would write over", "which is read"], "series", one, "-o", other)
        refuse(2, ["--trace would write over --series"], "search", "-m", TINY, "--series", one, "--trace", other)
        check(other.read_bytes() == before, f"{other} is kept")
    told("series", header, "-o", folder / "r.json")
    program = folder / "judge me.sh"
    program.write_text("while read line; do echo 1; done\n")
    for spec in f"command:sh '{program}'", f"length:9 + command:timeout=5 log={folder}/log sh \"{program}\" <&0":
        for option in "--out", "--trace", "--save":
            refuse(2, [f"{option} would write over --reward"], "search", "-m", TINY, "--reward", spec, option, program)
    check(program.read_text().startswith("while"), "the program is kept")
    for _ in range(2): # the second time its log is there
        told("search", "-m", TINY, "-p", "x", "-n", 2, "--rollouts", 1, "--reward",
             f"command:log={folder}/log sh '{program}'", "-o", folder / "r.json")
    with open(mine, "rb") as taken:
        done = subprocess.run([PROGRAM, "score", "-m", TINY, "-o", str(mine)], stdin=taken, capture_output=True)
        check(done.returncode == 2 and b"--out would write over /dev/stdin, which is read" in done.stderr, done)
    settings = folder / "maxts" / "config"
    settings.parent.mkdir()
    settings.write_text("threads = 1\n")
    refuse(2, ["--save would write over", "config, which is read"], *search, "--save", settings,
           env={"XDG_CONFIG_HOME": str(folder)})
    check(mine.read_bytes() == table.read_bytes() and not new.exists(), "nothing is lost")
    told(*search, "--save", new)
    told(*search, "--save", new, "--resume", new)
    told(*search, "--save", "/dev/null", "--trace", "/dev/null")


def pipes(table):
    """A reader that goes away is no failure to speak of."""
    long = ["generate", "-m", TINY, "-p", "x", "-n", 400, "--end-stop", "off"]
    for command in (["search", "-m", table], ["help"], ["help", "search"], ["man"], ["completion", "bash"], long,
                    ["inspect", "-m", table], ["search", "-m", table, "--explain"], ["-V"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([PROGRAM, *map(str, command)], stdout=write, stderr=subprocess.PIPE,
                              env={**os.environ, **NOBODY}, input=b"")
        os.close(write)
        check(done.returncode in (0, 141) and done.stderr == b"", f"{command}: {done}")


def helps(table):
    """help COMMAND, -V, and hints for near misses."""
    check(len(COMMANDS) > 9 and "search" in COMMANDS, COMMANDS)
    for command in COMMANDS:
        check(told("help", command) == told(command, "--help"), command)
    check(told("-V") == told("--version") and told("help") == told("--help") == told("help", "help"), "-V")
    for hint, args in (("search", ["serach"]), ("tokenize", ["tokenise"]), ("help", ["hlep"]),
                       ("verify", ["help", "verfy"]), ("--rollouts", ["search", "--rollout", "3"]),
                       ("--max-tokens", ["search", "--max-token=3"]),
                       ("smc", ["search", "-m", table, "--method", "scm"]),
                       ("maxent-ts", ["search", "-m", table, "--method", "maxent-st"]),
                       ("quality", ["search", "-m", table, "--preset", "qualty"]),
                       ("length", ["search", "-m", TINY, "-p", "x", "--reward", "lenght:20"]),
                       ("spectral", ["search", "-m", TINY, "-p", "x", "--reward", "2*spectrl"]),
                       ("forecast", ["eval", "-m", TINY, "--stage", "forcast", "--data", "x"]),
                       ("zsh", ["completion", "zhs"])):
        refuse(2, [f"did you mean '{hint}'?"], *args)
    for args in (["fly"], ["search", "--fly"], ["help", "fly"], ["completion"], ["completion", "tcsh"]):
        done = run(*args)
        check(done.returncode == 2 and b"did you mean" not in done.stderr, f"{args}: {done}")
    check(run(stdin="").returncode == 2, "no command")


def options_of(command):
    """The long options that --help lists, with their letters and, of choices, their words."""
    return re.findall(r"^  (?:-(\w), |    )--([\w-]+)", told(command, "--help"), re.M)


def manual(folder):
    page = told("man")
    plain = page.replace("\\-", "-")
    for command in COMMANDS:
        check(f".B {command}" in page, command)
        for letter, name in options_of(command):
            check(re.search(rf"^\.B (-\w, )?--{name}\b", plain, re.M), f"the page lacks --{name}")
            check(not letter or f".B -{letter}, --{name}" in plain, f"the page lacks -{letter}")
    check("MAXTS_MODEL" in page and "maxts/config" in page, "environment and files")
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page.encode(), capture_output=True)
        check(done.returncode == 0 and not done.stderr and b"--rollouts" in done.stdout.replace(b"\xe2\x88\x92", b"-"),
              f"groff: {done.stderr}")


def completions(folder):
    """Each shell that is here is asked what it would complete; the others' scripts are read."""
    scripts = {shell: told("completion", shell) for shell in ("bash", "zsh", "fish")}
    for shell, script in scripts.items():
        (folder / shell).write_text(script)
    for command in COMMANDS:
        names = {name for _, name in options_of(command)}
        if shutil.which("bash"):
            check(bash(folder, command, "--") == {f"--{name}" for name in names}, f"bash: {command}")
        part = scripts["zsh"].split(f"\n    {command})\n")[1].split(";;")[0]
        check(set(re.findall(r"--([\w-]+)[='}]", part)) == names, f"zsh: {command}")
        lines = re.findall(rf"__fish_seen_subcommand_from {command}' -l ([\w-]+)", scripts["fish"])
        check(set(lines) == names, f"fish: {command}")
        if shutil.which("fish"):
            said = subprocess.run(["fish", "-c", f"source {folder}/fish; complete -C 'maxts {command} --'"],
                                  capture_output=True, text=True, env={**os.environ, "HOME": str(folder)})
            check(names <= set(re.findall(r"^--([\w-]+)", said.stdout, re.M)), f"fish: {command}: {said}")
    if shutil.which("bash"):
        check({"maxent-ts", "smc", "beam"} <= bash(folder, "search", "--method", ""), "methods")
        check(bash(folder, "search", "--resampling", "st") == {"stratified"}, "a choice")
        check({"har", "m4"} <= bash(folder, "eval", "--stage", ""), "stages")
        check("length:" in bash(folder, "search", "--reward", "l"), "rewards")
        check({"search", "help", "man"} <= bash(folder, ""), "commands")
    if shutil.which("zsh"):
        check(subprocess.run(["zsh", "-n", folder / "zsh"], capture_output=True).stderr == b"", "zsh reads it")


def bash(folder, *words):
    line = " ".join(f"'{word}'" for word in ("maxts", *words))
    done = subprocess.run(["bash", "-c", f"source '{folder}/bash'; COMP_WORDS=({line}); COMP_CWORD={len(words)}; "
                           "_maxts; printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True)
    check(not done.stderr, done.stderr)
    return set(done.stdout.split())


def settings(folder, table):
    """MAXTS_MODEL and the file of settings, and what goes before what."""
    home = folder / "config"
    (home / "maxts").mkdir(parents=True)
    file = home / "maxts" / "config"
    env = {"XDG_CONFIG_HOME": str(home)}

    def search(*args, **more):
        return ask("search", "--rollouts", 2, *args, env={**env, **more})
    file.write_text(f"# mine\n\n  lambda = 2.5  \nmodel={table}\nseed = 7\nend-stop = on\nkeep-trees = 1\n")
    answer = search()
    check(answer["lambda"] == 2.5 and answer["seed"] == 7 and answer["rollouts_asked"] == 2, answer)
    check(search("--lambda", 3)["lambda"] == 3, "the command line goes first")
    check(ask("inspect", env=env)["texts"] == 7, "what a command does not take is passed over")
    check("vocab" in ask("inspect", env={**env, "MAXTS_MODEL": str(TINY)}), "MAXTS_MODEL before the file")
    check(ask("inspect", "-m", table, env={"MAXTS_MODEL": "none"})["texts"] == 7, "-m before MAXTS_MODEL")
    check(ask("inspect", env={"MAXTS_MODEL": str(table)})["texts"] == 7, "MAXTS_MODEL")
    refuse(2, ["--model", "MAXTS_MODEL"], "search")
    other = folder / "home" / ".config" / "maxts"
    other.mkdir(parents=True)
    (other / "config").write_text(f"model = {table}\n")
    check(ask("inspect", env={"XDG_CONFIG_HOME": "", "HOME": str(folder / "home")})["texts"] == 7, "~/.config")
    for text, words in (("lamda = 1\n", ["line 1", "'lamda'", "did you mean '--lambda'?"]),
                        ("\nlambda = much\n", ["line 2", "--lambda", "'much'"]),
                        ("seed = 1\nlambda\n", ["line 2", "'lambda'"]), ("json = yes\n", ["--json", "'yes'"]),
                        ("help = on\n", ["'help'"]), ("--lambda = 1\n", ["line 1", "is written 'lambda' here"]),
                        ("method = scm\n", ["did you mean 'smc'?"])):
        file.write_text(text)
        refuse(2, [str(file)] if "method" not in text else [] + words, "search", "-m", table, env=env)
        refuse(2, words, "search", "-m", table, env=env)
    check(b"usage" in run("search", "--help", env=env).stdout, "help goes without the file")
    file.write_bytes(b"\xef\xbb\xbflambda = 2.5\r\n")
    check(search("-m", table)["lambda"] == 2.5, "a mark of byte order")
    if os.name == "posix":
        file.unlink()
        file.symlink_to("config")
        refuse(1, [str(file)], "search", "-m", table, env=env)


def broken_rewards(folder):
    """One sentence, whatever ten copies of the program write, and where that is."""
    script = folder / "broken.py"
    script.write_text("import sys\nfor line in sys.stdin:\n    score(line)\n")
    for rewards in (f"command:python3 {script}", f"length:9 + command:prefixes=1 python3 {script}"):
        env = {**NOBODY, "TMPDIR": str(folder)}
        done = run("search", "-m", TINY, "-p", "x", "-n", 8, "--rollouts", 10, "--reward", rewards, env=env)
        text = done.stderr.decode()
        check(done.returncode == 1 and not done.stdout and text.count("\n") == 1, f"{rewards}: {done}")
        told_of = re.search(r"\"(.+)\" ends its own output, (\S+)\n$", text)
        check(told_of, text)
        own = pathlib.Path(told_of[2])
        said = own.read_text()  # the copies write to one file: its last line is of any of them
        check("NameError: name 'score' is not defined" in said and told_of[1] in said and own.parent == folder, text)
        own.unlink()
    check(not list(folder.glob("maxts-reward-*")), "nothing else is left")


def closed_streams(folder, table):
    """No file takes the number of a standard stream that is closed: what is printed goes nowhere else."""
    if os.name != "posix":
        return

    def closed(streams, *words):
        return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, timeout=300,
                              env={**os.environ, **NOBODY}, preexec_fn=lambda: [os.close(fd) for fd in streams])

    path = folder / "closed.trace"
    for streams in ((0,), (1,), (2,), (1, 2), (0, 1, 2)):
        done = closed(streams, "search", "-m", table, "--rollouts", 3, "--json", "--trace", path)
        check(done.returncode == (1 in streams) and ask("replay", path)["lines_confirmed"] > 5, (streams, done))
        check((done.stderr.count(b"\n") == 1) == (streams == (1,)), (streams, done.stderr))
    if pathlib.Path("/proc/self/fd").exists():
        looks = "command:while read -r l; do [ -f /proc/$PPID/fd/2 ] && echo 0 || echo 1; done"
        done = closed((2,), "search", "-m", TINY, "-p", "hi", "-n", 2, "--rollouts", 2, "--reward", looks, "--json",
                      "--trace", path)
        check(done.returncode == 0 and json.loads(done.stdout)["best"]["reward"] == 1, done)


def limited(folder, table):
    """A process's own limits: of a file's size, whose signal would end it without a word; of memory, without which
    OpenBLAS asks for ever."""
    if os.name != "posix" or DEAR:  # whose shadow memory is larger than any limit
        return
    import resource
    cases = [(["search", "-m", table, "-o", folder / "cut.json"], resource.RLIMIT_FSIZE, 1),
             (["inspect", "-m", TINY], resource.RLIMIT_FSIZE, 1),
             (["bench", "-m", TINY, "--prefill", 8, "--sequences", 1], resource.RLIMIT_AS, 200 << 20)]
    for words, what, most in cases:
        with open(folder / "stdout", "wb") as out:
            done = subprocess.run([PROGRAM, *map(str, words)], stdout=out, stderr=subprocess.PIPE, timeout=300,
                                  env={**os.environ, **NOBODY, "OMP_NUM_THREADS": "1"},
                                  preexec_fn=lambda: resource.setrlimit(what, (most, most)))
        check(done.returncode == 1 and done.stderr.startswith(b"maxts: ") and done.stderr.count(b"\n") == 1, done)
    check(not list(folder.glob("*cut.json*")), "nothing is left")


def main():
    with work_dir() as name:
        folder = pathlib.Path(name)
        table = write_table(folder)
        texts(folder, table)
        files(folder, table)
        idle(table)
        apart(folder, table)
        pipes(table)
        helps(table)
        manual(folder)
        completions(folder)
        settings(folder, table)
        broken_rewards(folder)
        closed_streams(folder, table)
        limited(folder, table)
    finish(300)


if __name__ == "__main__":
    main()
