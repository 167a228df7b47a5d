"""The rules of Doorward: pure functions over frozen values, standard library only.

Each aggregate is one module with its commands, events, states, a pure ``decide`` and a pure
``evolve``. No clock, id, database or network appears here; what a decision needs from elsewhere
is passed in as facts, and the facts it rested on are written into its event.

| module             | streams                | what it owns                                   |
|--------------------|------------------------|------------------------------------------------|
| `access_request`   | ``access_request-<id>``| a request, from submission to its end          |
| `consent`          | ``consent-<id>``       | a person lets a client act for him             |
| `token_family`     | ``token_family-<id>``  | all tokens grown from one authorization code   |
| `catalog`          | ``app-``, ``permission-``| what can be asked for                        |
| `person`           | ``person-<id>``        | the directory's facts about a person           |
| `resource_server`  | ``resource_server-<name>``| who may ask about tokens (RFC 7662)       |
| `policy`           | none                   | the rules a request is measured by             |

The access request's whole machine (``■`` ends it; issue 4 adds all that is not marked ``*``):

    *PENDING -> PENDING_MANAGER_APPROVAL -> MANAGER_DENIED ■
        |               `-> MANAGER_APPROVED -> PENDING_APPROVAL -> DENIED ■
        |                                            `-> APPROVED
        |-> *CANCELLED ■      (any approval-pending: CANCELLED ■, EXPIRED ■)
    APPROVED -> PENDING_(MANUAL_)PROVISIONING -> DENIED_PROVISIONING ■
                        `-> PROVISIONED -> COMPLETED ■
                                `-> PENDING_(MANUAL_)DEPROVISIONING -> TIME_BASED_EXPIRED ■
                                                                    `-> REVERTED ■

`values` holds ids, actors and personal text, `errors` every refusal, `events` every event by
topic, `envelope` what surrounds one in the log, `ports` what the rules need from outside, `postings` and
`meaning` what the catalog's search needs.
"""
