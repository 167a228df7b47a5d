// A certified identity provider with the sign-in pages of its own development mode. Everybody is
// known to it: the user name is the subject. It says "ready" once it listens.
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "doorward",
    client_secret: "a secret of the provider's client",
    redirect_uris: [redirectUri],
  }],
  claims: {
    openid: ["sub", "groups", "manager"],
    profile: ["preferred_username", "given_name", "family_name"],
    email: ["email", "email_verified"],
  },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      preferred_username: `${id}.n`,
      given_name: "Nora",
      family_name: "Node",
      email: `${id}@example.org`,
      email_verified: true,
      groups: ["sales", "it admins"],
      manager: "the boss",
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
