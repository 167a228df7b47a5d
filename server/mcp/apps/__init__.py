"""Two apps that a host shows in the place of a tool's result (MCP Apps, SEP-1865).

    tools/list          `_meta.ui.resourceUri` of five tools, from `server.mcp.app_links`
    resources/read      `resources.AppResources` -> `documents.document`: one page that loads nothing
    in the host's frame
        status_card.js      a request: where it stands, who has to act; asks again, withdraws
        catalog_picker.js   apps and permissions; app_form.js asks for them
        both on             host.js (the conversation), drawing.js, standing.js, look.css

An app is a picture of what the tool has answered anyhow: a client that shows no apps has the same text and
fields as ever, and nothing is answered only for an app. Every tool of an app is one that the model has too,
called through the host with the host's own token, so an app can do nothing that its person could not do
in the conversation; which of them it offers is what was listed for this person when the page was
read, and a call of one that is gone since is refused as any other.

The link to an app is listed for every client, whether or not it says that it shows apps. It is a `_meta`
member, which the protocol has everybody ignore who does not know it, and no model reads it; in the
modern era a list must not depend on more than who asks; and before it, a list is asked for without
saying what the client can do, so that to wait for a declaration would be to show apps to nobody. The
pages themselves are not in resources/list: nobody picks one, and a host knows them from the tools.

Texts of catalog and people become text nodes and nothing else, the page's own policy runs no script but
the one it was made with, and no policy lets it fetch anything: what it knows stays between it and
the host.
"""
