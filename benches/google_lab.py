#!/usr/bin/env python3
"""Counts onbeat's requests to a Google Calendar examiner (a loopback server that checks every request
against Google's discovery document) and times a first sync against the same requests sent by a client
that does nothing else. ONBEAT_GOOGLE_LAB names the folder of the server (gcal_server.py); the Python that
runs this needs its packages. google_lab.py PATH_OF_ONBEAT [day] [sync]"""
import collections, datetime as dt, gzip, json, os, subprocess, sys, tempfile, time, urllib.parse, urllib.request

lab, binary, parts = os.environ["ONBEAT_GOOGLE_LAB"], os.path.abspath(sys.argv[1]), sys.argv[2:] or ["day", "sync"]
ME, UTC = "ann@example.com", dt.timezone.utc
SCOPES = ["https://www.googleapis.com/auth/calendar." + s for s in ("events.owned", "events.freebusy", "calendarlist.readonly")]


class Server:
    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-u", os.path.join(lab, "gcal_server.py"), "--port", "0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.base = self.process.stdout.readline().split()[2]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def admin(self, path, body=None):
        request = urllib.request.Request(f"{self.base}/admin/{path}", None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json"}, method="GET" if body is None else "POST")
        return json.load(urllib.request.urlopen(request))


def setup(server, home, people, pairs):
    server.admin("seed", {"clock": {"now": "2026-03-01T08:00:00Z", "freeze": True}, "users": people,
                          "clients": [{"id": "onbeat", "secret": "s"}]})
    with open(home + "/client.json", "w") as f:
        json.dump(server.admin("client_secret/onbeat"), f)
    token = server.admin("token", {"user": ME, "scopes": SCOPES, "client": "onbeat"})
    with open(os.open(home + "/token", os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        json.dump({"refresh_token": token["refresh_token"], "scopes": SCOPES}, f)
    with open(home + "/onbeat.toml", "w") as f:
        f.write(f'''[me]
name = "Ann"
email = ["{ME}"]
timezone = "Europe/Berlin"
[limits]
mails_per_run = 1000
writes_per_run = 1000
[[account]]
name = "work"
kind = "google"
client = "client.json"
token = {{ file = "token" }}
api = "{server.base}/calendar/v3/"
calendar = "{ME}"
busy = ["{ME}"]
{pairs}''')


def onbeat(home, now, *args):
    run = subprocess.run([binary, "--config", "onbeat.toml", "--state", "state", *args], cwd=home, capture_output=True, text=True,
                         env={"HOME": home, "TZ": "UTC", "ONBEAT_NOW": now.isoformat().replace("+00:00", "Z")})
    if run.returncode not in (0, 3):
        sys.exit(f"{now} {args}: {run.returncode}\n{run.stdout}{run.stderr}")
    return run.stdout


def judged(server):
    wrong = server.admin("violations")
    if wrong:
        sys.exit(f"violations: {json.dumps(wrong[:3], indent=1)}")
    return collections.Counter(w.get("kind") or w.get("what") or str(w)[:80] for w in server.admin("warnings"))


def kinds(requests):
    """Method and resource; ids of events left out."""
    def name(path):
        parts = path.strip("/").split("/")
        return "/".join(parts[-2:] if parts[-2:-1] != ["events"] else ["event"]) if "events" in parts or len(parts) < 3 else "/".join(parts[2:])
    return dict(collections.Counter(r["verb"] + " " + name(r["path"]).split("@")[-1] for r in requests))


def day():
    with Server() as server, tempfile.TemporaryDirectory() as home:
        names = [f"p{n}@example.com" for n in range(50)]
        pairs = "".join(f'[[pair]]\nwith = "{n}"\nname = "P{i}"\nrole = "report"\nevery = "1 week"\nduration = "30 min"\n'
                        f'window = "Mon-Fri 08:00-20:00"\nmode = "act"\n' for i, n in enumerate(names))
        setup(server, home, [{"email": ME, "tz": "Europe/Berlin"}] + [{"email": n, "tz": "Europe/Berlin"} for n in names], pairs)
        now = dt.datetime(2026, 3, 1, 8, tzinfo=UTC)
        for _ in range(4):
            onbeat(home, now, "apply", "--yes")
            now += dt.timedelta(minutes=10)
        series = sum("recurrence" in e for e in server.admin(f"state")["calendars"][ME]["events"])
        # Unchanged: nothing but the list (and a token, since each run is a process of its own).
        server.admin("clear", {"logs": ["requests", "outbox", "warnings"]})
        onbeat(home, now, "sync")
        unchanged = kinds(server.admin("requests"))
        # A week on: every cycle of a working day, from midnight to midnight.
        start = dt.datetime(2026, 3, 9, 0, tzinfo=UTC)
        onbeat(home, start - dt.timedelta(minutes=10), "apply", "--yes")
        server.admin("clear", {"logs": ["requests", "outbox", "warnings"]})
        for minute in range(0, 24 * 60, 10):
            now = start + dt.timedelta(minutes=minute)
            server.admin("clock", {"now": now.isoformat().replace("+00:00", "Z"), "freeze": True})
            onbeat(home, now, "apply", "--yes")
        requests = server.admin("requests")
        api = [r for r in requests if r["path"].startswith("/calendar")]
        print(json.dumps({"series": series, "unchanged": unchanged, "requests": len(api), "tokens": len(requests) - len(api),
                          "per_minute": round(len(requests) / 1440, 3), "kinds": kinds(requests),
                          "mails": len(server.admin("outbox")), "warnings": judged(server)}, indent=1))


def sync():
    with Server() as server, tempfile.TemporaryDirectory() as home:
        setup(server, home, [{"email": ME, "tz": "Europe/Berlin"}, {"email": "bob@example.com"}], '[[pair]]\nwith = "bob@example.com"\nname = "Bob"\nrole = "report"\nmode = "observe"\n')
        at = lambda n: {"dateTime": (dt.datetime(2025, 3, 1, 9) + dt.timedelta(hours=n)).isoformat() + "Z", "timeZone": "UTC"}
        for block in range(0, 5000, 500):
            server.admin("seed", {"act": [{"user": ME, "method": "events.insert", "params": {"calendarId": "primary", "sendUpdates": "none"},
                         "body": {"summary": f"Event {n}", "description": "What it is about. " * 12, "start": at(n), "end": at(n + 1)}}
                         for n in range(block, block + 500)]})
        now = dt.datetime(2026, 3, 1, 8, tzinfo=UTC)
        ratios = []
        for _ in range(5):
            server.admin("clear", {"logs": ["requests"]})
            subprocess.run(["rm", "-rf", home + "/state"], check=True)
            start = time.perf_counter()
            onbeat(home, now, "sync")
            took = time.perf_counter() - start
            log = server.admin("requests")
            token = server.admin("token", {"user": ME, "scopes": SCOPES, "client": "onbeat"})["access_token"]
            start, size = time.perf_counter(), 0
            for r in log:
                if r["verb"] == "GET":
                    url = server.base + urllib.parse.quote(r["path"], safe="/@") + "?" + urllib.parse.urlencode([tuple(q) for q in r["query"]])
                    head = {"Authorization": "Bearer " + token, "Accept-Encoding": "gzip"}
                    answer = urllib.request.urlopen(urllib.request.Request(url, headers=head))
                    data = answer.read()
                    size += len(gzip.decompress(data) if answer.headers.get("Content-Encoding") == "gzip" else data)
            bare = time.perf_counter() - start
            ratios.append((round(took, 2), round(bare, 2), round(took / bare, 3)))
        ratios.sort(key=lambda r: r[2])
        print(json.dumps({"requests": kinds(log), "bytes": size, "sync_s, bare_s, ratio (median of 5)": ratios[2], "all": ratios, "warnings": judged(server)}, indent=1))


for part in parts:
    {"day": day, "sync": sync}[part]()
