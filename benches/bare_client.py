#!/usr/bin/env python3
"""The requests of a first sync, replayed by a client that does nothing else:
PROPFIND of the calendar and of its members, then multiget by fifty. The hrefs are
collected before the clock starts. bare_client.py CALENDAR_URL USER PASSWORD [ROUNDS]"""
import base64, gzip, html, http.client, re, sys, time
from urllib.parse import urlsplit

STATE = '<propfind xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><prop><resourcetype/><sync-token/><S:getctag/><supported-report-set/></prop></propfind>'
LIST = '<propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>'
GET = '<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:calendar-data/></prop>%s</C:calendar-multiget>'

url = urlsplit(sys.argv[1])
auth = "Basic " + base64.b64encode(f"{sys.argv[2]}:{sys.argv[3]}".encode()).decode()
connection = None


def ask(method, depth, body):
    global connection
    headers = {"Authorization": auth, "Depth": depth, "Content-Type": "application/xml; charset=utf-8",
               "Accept-Encoding": "gzip"}
    if connection is None:
        connection = http.client.HTTPConnection(url.hostname, url.port)
    connection.request(method, url.path, body.encode(), headers)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status != 207:
        sys.exit(f"{method}: {answer.status}")
    return gzip.decompress(data) if answer.getheader("Content-Encoding") == "gzip" else data


listing = ask("PROPFIND", "1", LIST).decode()
hrefs = [h for h in re.findall(r"<(?:\w+:)?href>([^<]*)</", listing) if not html.unescape(h).rstrip("/").endswith(url.path.rstrip("/"))]
batches = [GET % "".join(f"<href>{h}</href>" for h in hrefs[i:i + 50]) for i in range(0, len(hrefs), 50)]
for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 1):
    start = time.perf_counter()
    ask("PROPFIND", "0", STATE)
    ask("PROPFIND", "1", LIST)
    size = sum(len(ask("REPORT", "1", batch)) for batch in batches)
    print(f'{{"resources":{len(hrefs)},"bytes":{size},"first_s":{time.perf_counter() - start:.3f}}}')
