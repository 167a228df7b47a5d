"""What a person picks instead of writing it: the common paths, as texts that lead an agent through the
tools in few calls.

    prompts/list, prompts/get -> `serving.Prompts`: which there are, for whom
                                 `definitions`: what is listed, and what goes out
                                 `user`: the texts at /mcp/user
                                 `quoting`: what a person has typed, as data

A prompt exists for those for whom all the tools exist that its text names, so that role and feature flags
hide it with them, and a hidden one is as unknown as any other name. What was typed into an argument stands
in quotes and on one line, is cut of what nobody sees, and is never long: it is what the person wants, and
no word of it is an instruction.
"""
