// A certified OpenID Provider on loopback, for tests only: every secret here is public.
// usage: node op.mjs PORT KEYS_FILE; the file receives the private keys, so that tests can sign.
import fs from 'node:fs';
import Provider from 'oidc-provider';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const [port, keysFile] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const keys = [];
for (const alg of ['RS256', 'ES256']) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  keys.push({ ...jwk, use: 'sig', alg, kid: await calculateJwkThumbprint(jwk) });
}
fs.writeFileSync(keysFile, JSON.stringify({ keys }));

const m2m = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'scim' };
const provider = new Provider(issuer, {
  jwks: { keys },
  clients: [
    {
      client_id: 'portal-web',
      client_secret: 'portal-web-secret-0123456789abcdef',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: ['http://testserver/oidc/callback/'],
      post_logout_redirect_uris: ['http://testserver/accounts/login/'],
    },
    { ...m2m, client_id: 'scim-m2m', client_secret: 'scim-m2m-secret-0123456789abcdef' },
    { ...m2m, client_id: 'other-m2m', client_secret: 'other-m2m-secret-0123456789abcdef' },
  ],
  cookies: { keys: ['only-for-tests'] },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'preferred_username'],
  },
  scopes: ['openid', 'email', 'profile', 'scim'],
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  findAccount: async (_, name) => ({
    accountId: name,
    claims: async () => ({
      sub: name,
      preferred_username: name,
      email: `${name}@example.com`,
      email_verified: name !== 'unverified',
      given_name: name,
      family_name: 'Example',
    }),
  }),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:portal:scim',
      useGrantedResource: () => false,
      getResourceServerInfo: (_, resource) => ({
        scope: 'scim',
        audience: 'urn:portal:scim',
        accessTokenTTL: 3600,
        accessTokenFormat: resource.endsWith(':opaque') ? 'opaque' : 'jwt',
        jwt: { sign: { alg: resource.endsWith(':es256') ? 'ES256' : 'RS256' } },
      }),
    },
  },
});
// Tests serve their portals on whatever port is free.
const local = /^http:\/\/(testserver|localhost:\d+|127\.0\.0\.1:\d+)\//;
provider.Client.prototype.redirectUriAllowed = (uri) => local.test(uri);
provider.Client.prototype.postLogoutRedirectUriAllowed = (uri) => local.test(uri);
provider.on('server_error', (_, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1');
