# SPDX-License-Identifier: Apache-2.0
"""The shipped rules, alerts and dashboard, against what three real nodes report."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from aspen_cluster import Cluster  # noqa: E402
from aspen_e2e import wait_until  # noqa: E402
from promql import Selector, scraped, selectors  # noqa: E402
from rules_cases import ABSENT_UNTIL_IT_HAPPENS, ALWAYS, CASES, Case  # noqa: E402

PROMETHEUS = ROOT / "configs/prometheus"
FREE = {"job", "instance", "code"}
"""Labels that Prometheus adds, or that a node has seen only some values of."""


def promtool(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *arguments], input=text, text=True, capture_output=True, timeout=90, check=False)


def rules() -> list[dict]:
    """Every rule of the shipped files."""
    files = sorted(PROMETHEUS.glob("aspen.*.yml"))
    assert len(files) == 2, files
    return [rule for each in files for group in yaml.safe_load(each.read_text(encoding="utf-8"))["groups"]
            for rule in group["rules"]]


def dashboard_expressions() -> list[str]:
    """What the dashboard asks, its variables filled in as Grafana does."""
    board = json.loads((ROOT / "configs/grafana/aspen.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    asked += [each["expr"] for each in board["annotations"]["list"]]
    variables = [each["query"]["query"] for each in board["templating"]["list"] if each["type"] == "query"]
    asked += [re.fullmatch(r"label_values\((.*), \w+\)", each)[1] for each in variables]
    return [each.replace("$__rate_interval", "5m").replace("$job", "aspen").replace("$instance", ".*") for each in asked]


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scrapes = []
        with Cluster() as cluster:
            cluster.start()
            cluster.put("k", b"v")
            leader = cluster.leader()
            wait_until(lambda: 'peer_match_index{node_id="%d",peer=' % leader.node_id
                       in leader.admin("GET", "/metrics").body.decode(), "the leader knows its peers")
            for node in [leader, *cluster.followers()]:
                cls.scrapes.append(node.admin("GET", "/metrics").body.decode())
            for node in cluster.running():
                node.stop()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="aspen-monitoring-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_promtool_has_nothing_to_say_about_a_scrape(self):
        for scrape in self.scrapes:
            checked = promtool("check", "metrics", text=scrape)
            self.assertEqual((0, "", ""), (checked.returncode, checked.stdout, checked.stderr))

    def test_promtool_accepts_the_rules(self):
        for each in sorted(PROMETHEUS.glob("aspen.*.yml")):
            checked = promtool("check", "rules", str(each))
            self.assertEqual(0, checked.returncode, checked)

    def test_every_expression_of_the_dashboard_is_one(self):
        record = [{"record": f"panel:{n}", "expr": each} for n, each in enumerate(dashboard_expressions())]
        self.assertGreater(len(record), 50)
        path = self.folder / "panels.yml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": record}]}), encoding="utf-8")
        checked = promtool("check", "rules", str(path))
        self.assertEqual(0, checked.returncode, checked)

    def test_what_rules_and_dashboard_name_is_reported(self):
        """By the leader, or by any node where only others than the leader know it."""
        reported = {series for scrape in self.scrapes for series in scraped(scrape)}
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        named = {each for rule in rules() for each in selectors(rule["expr"])}
        named |= {each for expression in dashboard_expressions() for each in selectors(expression)}
        self.assertGreater(len(named), 80)
        for each in named:
            if each.name not in recorded | {"up"}:
                self.assertTrue(any(each.fits(series, FREE) for series in reported), each)

    def test_a_name_that_nobody_reports_would_be_found(self):
        reported = scraped(self.scrapes[0])
        for wrong in (Selector("sqlite_wal_size", ()), Selector("aspen_alarm", (("type", "=", "wal_big"),)),
                      Selector("aspen_alarm", (("kind", "=~", "wal_large|disk_full"),))):
            self.assertFalse(any(wrong.fits(series, FREE) for series in reported), wrong)
        self.assertEqual({Selector("a_b", (("r", "=~", "/v1/{x}|y"),)), Selector("c:d", ())},
                         selectors('sum without (x) (rate(a_b{r=~"/v1/{x}|y"}[5m])) / on (n) c:d > 0.5e3'))

    # -- the alerts ------------------------------------------------------------------------

    def base(self) -> dict:
        """The leader's series that some rule looks at. How full this machine's disk is does not matter."""
        looked_at = {each.name for rule in rules() for each in selectors(rule["expr"])}
        found = {series: value for series, value in scraped(self.scrapes[0]).items() if series[0] in looked_at}
        node = next(labels for name, labels in found if name == "aspen_has_leader")
        for name, labels in ABSENT_UNTIL_IT_HAPPENS:
            found[name, tuple(sorted((labels | dict(node)).items()))] = "0"
        found["aspen_disk_available_bytes", node] = found["aspen_disk_size_bytes", node]
        found["aspen_health_check_status", tuple(sorted((*node, ("check", "disk_space"))))] = "0"
        return found | {("up", ()): "1"}

    def input_series(self, case: Case | None, fires: bool) -> list[dict]:
        """The base as promtool takes it; with a case, of the metrics that it changes alone, to be quick."""
        made = []
        for (name, labels), value in self.base().items():
            if case and name not in {each.metric for each in case.changes}:
                continue
            for each in case.changes if case else []:
                if each.metric == name and each.labels.items() <= dict(labels).items():
                    value = each.firing if fires else each.quiet
            values = value if re.search(r".\+", value.replace("e+", "")) else f"{float(value):.17g}+0"
            written = ",".join(f'{label}="{text}"' for label, text in
                               (*labels, ("job", "aspen"), ("instance", "a:8081")))
            made.append({"series": f"{name}{{{written}}}", "values": values + ALWAYS})
        return made

    def group(self, name: str, series: list[dict], firing: dict[int, set[str]], **more) -> dict:
        """A test of promtool: which alerts, and no others, fire after so many minutes."""
        return {"name": name, "interval": "1m", "input_series": series, "promql_expr_test": [
            {"expr": 'group by (alertname) (ALERTS{alertstate="firing"})', "eval_time": f"{minute}m",
             "exp_samples": [{"labels": f'{{alertname="{each}"}}', "value": 1} for each in sorted(alerts)]}
            for minute, alerts in firing.items()]} | more

    def run_groups(self, groups: list[dict]) -> subprocess.CompletedProcess:
        path = self.folder / "test.yml"
        path.write_text(yaml.safe_dump(
            {"rule_files": [str(each) for each in sorted(PROMETHEUS.glob("aspen.*.yml"))],
             "evaluation_interval": "1m", "tests": groups}), encoding="utf-8")
        return promtool("test", "rules", str(path))

    def test_healthy_nodes_raise_no_alert(self):
        checked = self.run_groups([self.group("healthy", self.input_series(None, False), {0: set(), 30: set()})])
        self.assertEqual(0, checked.returncode, checked)

    def test_every_alert_fires_when_it_should_and_not_before(self):
        just_not_enough = Case([change for case in CASES.values() for change in case.changes])
        groups = [self.group("all are quiet", self.input_series(just_not_enough, False), {30: set()})]
        for name, case in CASES.items():
            all_of_them = {name, *case.others}
            late = max(CASES[each].minutes for each in all_of_them) + case.window + 3
            firing = {late: all_of_them}
            if case.minutes > 1:
                firing[case.minutes - 1] = set()
            groups.append(self.group(f"{name} fires", self.input_series(case, True), firing))
        checked = self.run_groups(groups)
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)

    def test_an_alert_says_what_is_wrong_in_words(self):
        series = self.input_series(CASES["SqliteWALFileLarge"], True)
        node = next(dict(labels)["node_id"] for (name, labels) in self.base() if name == "sqlite_wal_size_bytes")
        said = {"alertname": "SqliteWALFileLarge", "eval_time": "6m", "exp_alerts": [{
            "exp_labels": {"severity": "warning", "job": "aspen", "instance": "a:8081", "node_id": node},
            "exp_annotations": {
                "summary": "SQLite WAL file exceeds 100MB",
                "description": f"Node {node}: 100MiB. A reader holds the checkpoint back: POST /admin/checkpoint-wal "
                               "names it.",
                "runbook": "docs/monitoring.md, SqliteWALFileLarge"}}]}
        checked = self.run_groups([self.group("words", series, {}, alert_rule_test=[said])])
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)

    def test_a_rule_that_does_not_fire_would_be_found(self):
        quiet = self.input_series(CASES["AspenRefused"], False)
        self.assertNotEqual(0, self.run_groups([self.group("wrong", quiet, {30: {"AspenRefused"}})]).returncode)

    def test_every_alert_is_tried_and_described(self):
        alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
        self.assertEqual(set(alerts), set(CASES))
        described = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
        for name, rule in alerts.items():
            self.assertIn(rule["labels"]["severity"], ("warning", "critical"))
            self.assertEqual({"summary", "description", "runbook"}, set(rule["annotations"]), name)
            self.assertEqual(f"docs/monitoring.md, {name}", rule["annotations"]["runbook"])
            self.assertIn(f"| `{name}` |", described)


if __name__ == "__main__":
    unittest.main()
