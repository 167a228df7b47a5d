"""Examples of systems beside Doorward: each is one file that needs nats-py and the published contract, and
nothing of Doorward's own code. Copy one and begin from it; the tests run them as they are."""
