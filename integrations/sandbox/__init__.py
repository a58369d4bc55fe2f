"""The sandbox: a strict stand-in for Slack on this machine, for tests, for the demo, for trying things out.

    workspace = Workspace()
    workspace.install(manifest)
    workspace.add_person("omar", "Omar Haddad", tz="Europe/Berlin")
    workspace.add_channel("releases", members=["omar"])
    async with Sandbox(workspace) as sandbox:                 # sandbox.api_url, .bot_token, .app_token, .faults
        omar = workspace.desk("omar")
        await omar.types("releases", "/release list")
        await omar.presses(omar.sees("releases")[-1], "Approve")

Where things are: `workspace` and `roster` hold the state; `sight`, `hands` and `desk` are one person's client; `server`
is the address that an app talks to, with `web_api` (one module a family of methods), `sockets`, `http_delivery` and
`courier` behind it; `blocks` knows what Slack takes and refuses, `payloads` and `events` what it sends;
`page` draws it.
"""
