"""A server for MCP's conformance suite, which calls tools, prompts and resources of its own: a whole Doorward on a
real port, made by our own factory, of which only what stands at ``/mcp/user`` is other.

    serving.py     Doorward's HTTP server, sign-in, gate and endpoint, with the fixtures behind them
    tools.py       the tools that the suite calls, and what they answer
    offered.py     the prompts, resources and completions that it asks for

So what the suite says of it, it says of our protocol, and of what no tool of ours happens to do: pictures, sound,
blobs, forms that follow a form. No model of ours and no line of the product knows of it.
"""
