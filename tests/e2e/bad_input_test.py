# SPDX-License-Identifier: Apache-2.0
"""What bad input gets: a clear answer with a fitting status, and a node that goes on."""

import json
import unittest

from aspen_e2e import Answer, Node

MEBIBYTE = 1 << 20


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node().start()
        cls.addClassCleanup(cls.node.__exit__, None, None, None)

    def tearDown(self):
        # Whatever came before, the node serves and has lost nothing.
        self.assertEqual(200, self.node.put("witness", b"intact").status)
        self.assertEqual(b"intact", self.node.get("witness").body)
        self.assertEqual(200, self.node.admin("GET", "/livez").status)

    def refused(self, status: int, answer: Answer) -> dict:
        """The body of a refusal, which has the form of every refusal."""
        self.assertEqual(status, answer.status, answer)
        body = answer.json()
        self.assertTrue(body["error"])
        self.assertRegex(body["code"], "^[a-z_]+$")
        self.assertEqual("no-store", answer.headers["cache-control"])
        return body

    def over_limit(self, answer: Answer, limit: int, actual: int):
        body = self.refused(413, answer)
        self.assertEqual((limit, actual), (body["limit"], body["actual"]))

    def test_a_key_that_is_too_long(self):
        self.over_limit(self.node.put("k" * 1025, b"v"), 1024, 1025)
        self.over_limit(self.node.get("k" * 1025), 1024, 1025)
        self.assertEqual(200, self.node.put("k" * 1024, b"v").status)

    def test_a_value_that_is_too_big(self):
        self.over_limit(self.node.put("big", bytes(MEBIBYTE + 1)), MEBIBYTE, MEBIBYTE + 1)
        self.assertEqual(200, self.node.put("big", bytes(MEBIBYTE)).status)
        self.assertEqual(MEBIBYTE, len(self.node.get("big").body))

    def batch(self, body) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.node.request("POST", "/v1/batch", body=data,
                                 headers={"Content-Type": "application/json"})

    def operations(self, count: int) -> dict:
        return {"operations": [{"set": {"key": f"b{n}", "value": "v"}} for n in range(count)]}

    def test_a_batch_of_too_many_operations(self):
        self.over_limit(self.batch(self.operations(1001)), 1000, 1001)
        self.assertEqual({}, self.node.all_items("b100"))
        self.assertEqual(200, self.batch(self.operations(1000)).status)

    def test_a_body_that_is_too_big(self):
        self.over_limit(self.batch(b" " * (4 * MEBIBYTE + 1)), 4 * MEBIBYTE, 4 * MEBIBYTE + 1)

    def test_a_value_in_a_batch_that_is_too_big_changes_nothing(self):
        operations = [{"set": {"key": "batch-first", "value": "v"}},
                      {"set": {"key": "batch-second", "value": "v" * (MEBIBYTE + 1)}}]
        self.over_limit(self.batch({"operations": operations}), MEBIBYTE, MEBIBYTE + 1)
        self.assertEqual(404, self.node.get("batch-first").status)

    def test_an_empty_key(self):
        self.refused(400, self.node.put("", b"v"))

    def test_a_key_with_bad_percent_encoding(self):
        for path in ("/v1/kv/a%zz", "/v1/kv/a%4"):
            self.refused(400, self.node.request("PUT", path, body=b"v"))

    def test_a_key_that_is_no_utf8_or_holds_a_nul(self):
        for path in ("/v1/kv/%ff", "/v1/kv/%c3%28", "/v1/kv/%ed%a0%80", "/v1/kv/a%00b"):
            self.refused(400, self.node.request("PUT", path, body=b"v"))

    def test_json_that_does_not_parse_names_the_position(self):
        body = self.refused(400, self.batch(b'{"operations": [}'))
        self.assertEqual(16, body["position"])

    def test_json_of_another_shape(self):
        for shape in ([], {}, {"operations": 3}, {"operations": [{"set": {"key": 1, "value": "v"}}]},
                      {"operations": [{"put": {}}]}, {"operations": [{"set": {"key": "a"}}]}):
            self.refused(422, self.batch(shape))

    def test_a_needed_body_without_a_length_or_in_chunks(self):
        head = b"PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n"
        self.refused(411, self.node.raw(head + b"\r\n"))
        chunks = b"Transfer-Encoding: chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n"
        self.refused(411, self.node.raw(head + chunks))

    def test_a_body_where_none_belongs(self):
        self.refused(400, self.node.request("GET", "/v1/kv/a", body=b"v"))

    def test_a_path_that_does_not_exist(self):
        self.refused(404, self.node.request("GET", "/v2/kv/a"))
        self.refused(404, self.node.request("GET", "/"))

    def test_a_method_that_the_path_does_not_have(self):
        answer = self.node.request("PATCH", "/v1/kv/a", body=b"v")
        self.refused(405, answer)
        for method in ("GET", "PUT", "DELETE"):
            self.assertIn(method, answer.headers["allow"])
        self.assertEqual("POST", self.node.request("GET", "/v1/batch").headers["allow"])

    def test_a_foreign_host_or_origin(self):
        self.refused(421, self.node.request("GET", "/health", headers={"Host": "evil.example"}))
        self.refused(403, self.node.request("GET", "/health", headers={"Origin": "http://evil.example"}))
        for host in ("127.0.0.1", "localhost", f"localhost:{self.node.port}", "[::1]"):
            self.assertEqual(200, self.node.request("GET", "/health", headers={"Host": host}).status)

    def test_what_is_not_built_says_so(self):
        self.refused(501, self.node.request("PUT", "/v1/kv/a", body=b"v",
                                            headers={"Idempotency-Key": "1"}))

    def test_a_head_that_is_too_long(self):
        long = b"X-Long: " + b"x" * 20000 + b"\r\n"
        answer = self.node.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + long + b"\r\n")
        self.assertIn(answer.status, (413, 431), answer)

    def test_what_is_no_http(self):
        answer = self.node.raw(b"\x16\x03\x01 hello\r\n\r\n")
        self.assertEqual(400, answer.status, answer)


if __name__ == "__main__":
    unittest.main()
