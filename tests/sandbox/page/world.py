"""A small harbour office: three people, three channels, one app."""

from integrations.sandbox.workspace import Workspace


def a_workspace() -> Workspace:
    workspace = Workspace(name="Harbour", app_name="Slipway")
    workspace.add_person("omar", "Omar Haddad", title="QA lead", tz="Europe/Berlin")
    workspace.add_person("ruth", "Ruth Okafor", title="Change manager", tz="America/New_York")
    workspace.add_person("gil", "Gil Moreau", title="Agency", is_restricted=True)
    workspace.add_channel("releases", id="C0RELEASES", members=["omar", "ruth"], topic="What ships")
    workspace.add_channel("cellar", id="C0CELLAR", members=["ruth"], is_private=True)
    workspace.add_channel("lobby", id="C0LOBBY", members=["ruth"])
    workspace.add_group("qa", members=["omar"])
    workspace.add_command("/release", description="Plan and ship", usage_hint="new · card R-12")
    return workspace
