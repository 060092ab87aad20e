#!/usr/bin/python3
"""docs/watch.schema.json: what the unit tests wrote is valid, what is changed in it is not."""
import copy
import json
import unittest

import common
from common import REPO


class WatchSchema(unittest.TestCase):
    def setUp(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("there is no python3-jsonschema")
        schema = json.loads((REPO / "docs/watch.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema)
        self.document = json.loads((REPO / "tests/unit/docker/golden/watch.json").read_text())

    def test_valid(self):
        errors = [f"{error.json_path}: {error.message[:200]}" for error in self.validator.iter_errors(self.document)]
        self.assertEqual(errors, [])

    def test_accounts(self):
        for one in [self.document["all"], *self.document["images"]]:
            self.assertEqual(one["created"] + one["found"], one["living"] + one["ended"])
            self.assertEqual(one["runs"], sum(code["count"] for code in one["exit_codes"]) + one["exit_unknown"])
            for span in ("startup", "run", "cleanup", "whole"):
                if one[span]:
                    self.assertEqual(one[span]["count"], sum(bucket["count"] for bucket in one[span]["histogram"]))
                    self.assertLessEqual(one[span]["min_ns"], one[span]["mean_ns"])
                    self.assertLessEqual(one[span]["mean_ns"], one[span]["max_ns"])

    def test_broken(self):
        def change(path, value):
            def act(document):
                *way, last = path
                for key in way:
                    document = document[key]
                if value is None:
                    del document[last]
                else:
                    document[last] = value
            return act

        for path, value in [
                (["schema"], "sandwatch/1"), (["all", "created"], -1), (["all", "created"], None),
                (["all", "more"], 1), (["images", 0, "name"], None), (["images", 0, "more"], 1),
                (["ended", 0, "name"], "\x1b[31m"), (["ended", 0, "id"], "../x"),
                (["ended", 0, "exit_code"], 256), (["ended", 0, "state"], "gone"),
                (["all", "run", "mean_ns"], 1.5), (["all", "startup", "histogram"], []),
                (["connection", "state"], "maybe"), (["generated_at"], "today")]:
            document = copy.deepcopy(self.document)
            change(path, value)(document)
            self.assertFalse(self.validator.is_valid(document), path)


if __name__ == "__main__":
    common.main()
