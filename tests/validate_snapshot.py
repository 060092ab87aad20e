#!/usr/bin/python3
"""Validates snapshots against docs/snapshot.schema.json, and checks the accounts a schema can't.

validate_snapshot.py [--schema FILE] SNAPSHOT...     every one must be valid
validate_snapshot.py --invalid SNAPSHOT...           every one must be refused
"""
import argparse
import json
import os
import sys

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
FAILED = ("rejected", "failed", "timeout", "oom", "crashed", "engine", "cancelled")


def no_constant(word):
    raise ValueError(f"{word} is not JSON")


def unique_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key occurs twice in {sorted(keys)}")
    return dict(pairs)


def accounts(document):
    """What adds up: messages about what does not."""
    names = {mode["name"] for mode in document["modes"]}
    for layer in document["ablation"]:
        if not {layer["without"], layer["whole"]} <= names:
            yield f"{layer['layer']}: there is no mode {layer['without']} or {layer['whole']}"
    for mode in document["modes"]:
        for other, difference in mode["differences"].items():
            if difference and (difference["mode"] == mode["name"] or not mode["latency_ns"]):
                yield f"{mode['name']}: has a difference from {other}"
        if mode["isolation"] and "not tested" in mode["isolation"]["withstands"].values():
            yield f"{mode['name']}: an attack that was not tried"
        if mode["layer"] and mode["name"] not in {x["without"] for x in document["ablation"]}:
            yield f"{mode['name']}: lacks {mode['layer']}, which ablation does not tell of"
        if bool(mode["throughput_per_second"]) != (mode["turns"]["iterations"] > 0):
            yield f"{mode['name']}: throughput does not follow from its turns"
        if mode["turns"]["iterations"] > mode["iterations"]["done"]:
            yield f"{mode['name']}: more iterations in turns than were done"
        name, it = mode["name"], mode["iterations"]
        done = it["ok"] + it["fell_back"] + sum(it[key] for key in FAILED)
        if it["done"] != done:
            yield f"{name}: done is {it['done']}, its parts add up to {done}"
        if it["planned"] != done + it["not_run"] and it["not_run"]:
            yield f"{name}: planned is {it['planned']}, done and not_run are {done + it['not_run']}"
        if it["running"] > it["not_run"]:
            yield f"{name}: {it['running']} run, but only {it['not_run']} are left"
        for fault, entry in mode["faults"].items():
            hit = sum(entry["outcomes"].values()) + entry["fell_back"]
            if hit > it["done"]:
                yield f"{name}: {fault} hit {hit} of {it['done']} iterations"
        latency = mode["latency_ns"]
        if (latency["count"] if latency else 0) != it["ok"]:
            yield f"{name}: latencies of {latency and latency['count']}, but {it['ok']} ok"
        if sum(bucket["count"] for bucket in mode["histogram"]) != it["ok"]:
            yield f"{name}: the histogram does not hold {it['ok']} values"
        if len(mode["samples_ns"]) + mode["samples_dropped"] != it["ok"]:
            yield f"{name}: samples kept and dropped are not {it['ok']}"
        if latency and not latency["min"] <= latency["p50"] <= latency["p95"] <= latency["max"]:
            yield f"{name}: the percentiles are out of order"
        shares = sum(group["share"] for group in mode["groups"])
        timed = latency and latency["mean"] > 0
        if mode["groups"] and timed and abs(shares + mode["other"]["share"] - 1) > 0.001:
            yield f"{name}: groups and other add up to {shares + mode['other']['share']}"
        if sum(mode["fallback"]["reasons"]["taken"].values()) != mode["fallback"]["taken"]:
            yield f"{name}: fallbacks taken are not their reasons' sum"


def problems(path, validator):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file, parse_constant=no_constant, object_pairs_hook=unique_keys)
    except ValueError as error:
        return [str(error)]
    deepest = [jsonschema.exceptions.best_match([error]) for error in
               validator.iter_errors(document)]
    found = [f"{error.json_path}: {error.message[:300]}" for error in deepest]
    return found or list(accounts(document))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schema", default=os.path.join(HERE, "../docs/snapshot.schema.json"))
    parser.add_argument("--invalid", action="store_true")
    parser.add_argument("snapshots", nargs="+")
    args = parser.parse_args()

    with open(args.schema, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    for path in args.snapshots:
        found = problems(path, validator)
        if args.invalid and not found:
            print(f"{path}: valid, but should not be")
            wrong += 1
        elif not args.invalid:
            wrong += bool(found)
            for problem in found:
                print(f"{path}: {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
