"""postmap -q with tables that databases answer: the reference's answers, warnings and exit status, and ours."""

import re
import sqlite3

import pytest

from harness.databases import MariaDb, PostgreSql
from harness.suite import REFERENCE_ROOT

ROWS = [("a@b.example", "x@y.example", "second"), ("a@b.example", "z", "third"), ("e@b.example", "", "x"), ("n@b.example", None, "x"),
        ("o'b@c.example", "quoted", ""), ("ü@c.example", "umlaut", ""), ("u@d.e.example", "@dom", "")]
SCHEMA = "create table t (k varchar(255), v varchar(255), w varchar(255));" + "".join(
    "insert into t values (%s);" % ", ".join("null" if f is None else "'" + f.replace("'", "''") + "'" for f in row) for row in ROWS)
QUERY = "select v, w from t where k='%s'"

KEYS = ["a@b.example", "A@B.example", "e@b.example", "n@b.example", "o'b@c.example", "nobody", "x' or '1'='1",
        "x\\' or 1=1 -- ", "@b.example", "a@"]
# parameters, and the keys that are asked for
CASES = {
    "plain": ({}, KEYS),
    "format": ({"result_format": "[%s][%u][%d][%S][%U][%D][%1][%2]"}, ["a@b.example", "a", "u@d.e.example"]),
    "parts": ({"query": "select v from t where k='%u@%d' and '%2' <> 'c'"}, ["a@b.example", "a", "@b.example", "o'b@c.example"]),
    "labels": ({"query": "select v from t where k='%u@%3.%2.%1'"}, ["u@d.e.example", "a@b.example"]),
    "limit": ({"expansion_limit": 1}, ["a@b.example"]),
    "domain": ({"domain": "b.example, static:x"}, ["a@b.example", "@b.example", "b.example"]),
    "domains": ({"domain": "b.example"}, ["a@b.example", "o'b@c.example"]),
    "old": ({"query": None, "table": "t", "select_field": "v", "where_field": "k", "additional_conditions": "and v <> 'z'"},
            ["a@b.example"]),
    "half of the old": ({"query": None, "table": "t", "select_field": "v"}, ["a@b.example"]),
    "bad template": ({"query": "select '%x'"}, ["a"]),
    "bad number": ({"expansion_limit": "x"}, ["a"]),
    "no name": ({"dbname": None, "dbpath": None}, ["a"]),
}
ONLY = {
    "mysql": {"8 bits": ({}, ["ü@c.example"]),
              "no table": ({"query": "select x from nowhere"}, ["a"]),
              "procedure": ({"query": "call look('%s')"}, ["a@b.example"]),
              "two sets": ({"query": "call two('%s')"}, ["a@b.example"]),
              "no set": ({"query": "call none('%s')"}, ["a@b.example"]),
              "no set is fine": ({"query": "call none('%s')", "require_result_set": "no"}, ["a@b.example"]),
              "bad yes": ({"require_result_set": "maybe"}, ["a"]),
              "password": ({"password": "wrong"}, ["a@b.example"])},
    "pgsql": {"no table": ({"query": "select x from nowhere"}, ["a"]),
              "function": ({"query": None, "select_function": "look"}, ["a@b.example"]),
              "password": ({"password": "wrong"}, ["a@b.example"])},
    "sqlite": {"8 bits": ({}, ["ü@c.example"])},
}
EXTRA = {
    "mysql": "delimiter //\ncreate procedure look(p varchar(255)) begin select v from t where k=p; end//\n"
             "create procedure two(p varchar(255)) begin select v from t where k=p; select w from t where k=p; end//\n"
             "create procedure none(p varchar(255)) begin set @x=p; end//\n",
    "pgsql": "grant all on t to mail; create function look(p text) returns setof text as $$ select v from t where k=p $$ language sql;",
}


class Sqlite:
    def __init__(self, folder):
        self.path = folder / "t.sqlite"
        with sqlite3.connect(self.path) as db:
            db.executescript(SCHEMA)

    def parameters(self, query, **more):
        lines = {"dbpath": self.path, "query": query, **more}
        return "".join(f"{name} = {value}\n" for name, value in lines.items())

    def close(self):
        pass


@pytest.fixture(scope="module", params=["mysql", "pgsql", "sqlite"])
def server(request, tmp_path_factory):
    if not (REFERENCE_ROOT / f"usr/lib/postfix/postfix-{request.param}.so").exists():
        pytest.skip(f"the reference was unpacked without postfix-{request.param}")
    s = {"mysql": MariaDb, "pgsql": PostgreSql, "sqlite": lambda: Sqlite(tmp_path_factory.mktemp("sqlite"))}[request.param]()
    s.kind = request.param
    try:
        if s.kind in EXTRA:
            s.execute(SCHEMA)
            s.execute(EXTRA[s.kind])
        yield s
    finally:
        s.close()


def without_cause(text):
    """What errno happens to be after a lookup that failed is chance; who complains is not."""
    return re.sub(r"(query error)(: .*)?", r"\1", re.sub(r"(?m)^\S*postmap: ", "postmap: ", text))


@pytest.mark.parametrize("case", sorted({*CASES, *(name for more in ONLY.values() for name in more)}))
def test_answers(make_instance, reference, server, case):
    cases = {**CASES, **ONLY[server.kind]}
    if case not in cases:
        pytest.skip(f"not for {server.kind}")
    changes, keys = cases[case]
    ours, theirs = make_instance(), make_instance(system=reference)
    text = server.parameters(**{"query": QUERY})
    for name, value in changes.items():
        text = re.sub(rf"(?m)^{name} = .*\n", "", text) + (f"{name} = {value}\n" if value is not None else "")
    path = ours.file("t.cf", text)
    done = [i.command("postmap", "-q", "-", f"{server.kind}:{path}", check=False, input="".join(f"{key}\n" for key in keys))
            for i in (theirs, ours)]
    assert [(d.returncode, d.stdout, without_cause(d.stderr)) for d in done[:1]] == \
        [(d.returncode, d.stdout, without_cause(d.stderr)) for d in done[1:]]
