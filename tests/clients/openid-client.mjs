// A strict client of RFCs, not of MCP: node openid-client.mjs ISSUER RESOURCE. Discovery, registration,
// PKCE, iss and state, refresh, introspection (INTROSPECT_ID, INTROSPECT_SECRET), revocation.
import { createInterface } from "node:readline/promises";
import * as oauth from "openid-client";

const [issuer, resource] = process.argv.slice(2);
const redirect_uri = "http://127.0.0.1:43217/callback";
const local = { execute: [oauth.allowInsecureRequests], algorithm: "oauth2" };
const config = await oauth.dynamicClientRegistration(
  new URL(issuer),
  { client_name: "openid-client", redirect_uris: [redirect_uri], token_endpoint_auth_method: "none" },
  oauth.None(),
  local,
);
const verifier = oauth.randomPKCECodeVerifier();
const state = oauth.randomState();
const url = oauth.buildAuthorizationUrl(config, {
  redirect_uri,
  resource,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
console.log(JSON.stringify({ authorize: url.href }));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const landed = new URL((await lines.next()).value);
const first = await oauth.authorizationCodeGrant(
  config, landed, { pkceCodeVerifier: verifier, expectedState: state }, { resource },
);
const second = await oauth.refreshTokenGrant(config, first.refresh_token, { resource });
const asking = await oauth.discovery(
  new URL(issuer), process.env.INTROSPECT_ID, undefined,
  oauth.ClientSecretBasic(process.env.INTROSPECT_SECRET), local,
);
const before = await oauth.tokenIntrospection(asking, second.access_token);
await oauth.tokenRevocation(config, second.refresh_token);
const after = await oauth.tokenIntrospection(asking, second.access_token);
console.log(JSON.stringify({ scope: second.scope, before, after }));
process.exit(0);
