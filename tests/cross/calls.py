"""The calls whose output is compared between processors, by class of result (docs/portability.md).

Each call is a list of words, maxts's own or after "bits" those of bits.c; MODEL/ stands for tests/golden/, DATA/ for
data/, OUT/ for an empty folder. Calls of a
class run in order, in the same folder."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILES = sorted(path.name for path in (ROOT / "tests/golden").glob("*.gguf"))
MODELS = [name for name in FILES if not name.startswith("type-")] # with a vocabulary
METHODS = ("greedy", "sample", "beam", "best-of-n", "smc", "mcts", "dts", "dts-star", "maxent-ts")
TINY = "MODEL/llama-tied.gguf"
TABLE = "OUT/table.json"
# What reads and writes every kind of file and chooses by what it read.
ON_DISK = ["search", "-m", TABLE, "--rollouts", "40", "--seed", "3", "--sweep", "0", "--save", "OUT/kept", "--trace",
           "OUT/trace"]

CALLS = {
    "files read and written": [
        ON_DISK,
        ["search", "-m", TABLE, "--rollouts", "60", "--seed", "3", "--sweep", "0", "--resume", "OUT/kept"],
        ["replay", "OUT/trace"],
        *(["inspect", "-m", f"MODEL/{name}"] for name in MODELS),
        ["series", "DATA/m4_hourly.csv"], ["series", "DATA/ecg/0201.hea"], ["series", "DATA/har.csv"],
        # one that a MiB does not suffice for, with a MiB more than 32 bits count
        ["check", "-m", TINY, "--constraint", "(?=[ab]*a[ab]{9}$)[ab]*b[ab]{9}a?", "--constraint-memory", "4097",
         "aabaaaaaaaaaa"],
    ],
    "logits": [["bits", f"MODEL/{name}"] for name in FILES], # two ways each: activations of 8 and of 32 bits
    "answers of a model": [
        *(["search", "-m", f"MODEL/{name}", "-p", "hello there", "-n", "10", "--rollouts", "6", "--seed", "3",
           "--reward", "length:40", "--lambda", "4"] for name in MODELS),
        *(["search", "-m", TINY, "-p", "x", "-n", "8", "--rollouts", "6", "--method", method, "--reward", "length"]
          for method in METHODS),
        ["search", "-m", TINY, "-p", "x", "-n", "9", "--rollouts", "6", "--constraint", "[0-9]{1,3}(, [0-9]{1,3})*"],
        ["generate", "-m", TINY, "-p", "hello", "-n", "20", "--seed", "2"],
    ],
    "likelihoods": [["score", "-m", f"MODEL/{name}", "--top", "5", "-p", "The number 42 and 43."] for name in MODELS],
    "searches of a table": [
        *(["search", "-m", TABLE, "--method", method, "--rollouts", "40", "--lambda", "2", "--seed", str(seed)]
          for method in METHODS for seed in (1, 2)),
        ["verify", "-m", TABLE, "--rollouts", "3", "--runs", "200", "--lambda", "2"],
    ],
    "spectra and forecasts": [
        ["search", "-m", TINY, "--series", "DATA/m4_hourly.csv#H10[0:48]", "-p", "Go on: {series}, ", "-n", "8",
         "--rollouts", "4"],
        ["caption", "DATA/m4_hourly.csv#H10[0:48]", "-m", "DATA/series.gguf", "--rollouts", "2"],
        ["forecast", "DATA/m4_hourly.csv#H10[0:72]", "--horizon", "4"],
        ["eval", "-m", TINY, "--stage", "m4", "--data", "DATA/m4.csv", "--points", "4", "-n", "8", "--rollouts", "3",
         "--samples", "3", "--out", "OUT/journal"],
    ],
}
