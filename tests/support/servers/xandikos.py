"""Xandikos for several users on plain HTTP: its own command line wants TLS for that."""

import sys

from aiohttp import web
from xandikos import multi_user
from xandikos import web as xandikos_web

folder, port, domain, *names = sys.argv[1:]


class Passwords:
    """NAME-pw is the password of NAME."""

    def check(self, name, password):
        return name in names and password == name + "-pw"


store = multi_user.MultiUserFilesystemBackend(folder, create_defaults=True)
for name in names:
    store.set_principal(name)
    store.get_principal("/" + name).set_calendar_user_address_set([f"mailto:{name}@{domain}"])
xandikos = multi_user.MultiUserXandikosApp(
    store, current_user_principal="/%(REMOTE_USER)s/", state_dir=folder
)


async def answer(request):
    return await xandikos.aiohttp_handler(request, "/")


app = web.Application(
    client_max_size=64 * 1024 * 1024,
    middlewares=[xandikos_web.basic_auth_middleware(Passwords())],
)
for well_known in xandikos_web.WELLKNOWN_DAV_PATHS:
    app.router.add_route("*", well_known, xandikos_web.RedirectDavHandler("/").__call__)
app.router.add_route("*", "/{path_info:.*}", answer)
web.run_app(app, host="127.0.0.1", port=int(port), print=None)
