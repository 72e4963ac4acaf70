// A certified OpenID Provider on loopback that issues client credentials, for tests only.
// usage: node issuer.mjs PORT KEYS_FILE; it signs with the first fitting private key of the file.
import fs from 'node:fs';
import Provider from 'oidc-provider';

const [port, keysFile] = process.argv.slice(2);
const audience = 'api://portal';
const client = (name) => ({
  client_id: name,
  client_secret: `${name}-secret-0123456789abcdef`,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  scope: 'scim scim.read',
});

// What each issuer adds to its tokens, by the resource that is asked for.
const shapes = {
  'urn:entra': (id) => ({
    azp: id, azpacr: '1', oid: '99999999-8888-4777-8666-555555555555', ver: '2.0', idtyp: 'app', roles: ['scim'],
  }),
  'urn:okta': (id) => ({ cid: id, scp: ['scim'], ver: 1 }),
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: JSON.parse(fs.readFileSync(keysFile)),
  clients: [client('scim-client'), client('other-client')],
  scopes: ['openid', 'scim', 'scim.read'],
  cookies: { keys: ['only-for-tests'] },
  extraTokenClaims: (context, token) => shapes[context.oidc.params.resource]?.(token.clientId),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => false,
      getResourceServerInfo: (_, resource) => ({
        scope: 'scim scim.read',
        audience: resource === 'urn:other' ? 'api://other' : audience,
        accessTokenTTL: resource === 'urn:short' ? 1 : 3600,
        accessTokenFormat: resource === 'urn:opaque' ? 'opaque' : 'jwt',
        jwt: { sign: { alg: resource === 'urn:es256' ? 'ES256' : 'RS256' } },
      }),
    },
  },
});
provider.on('server_error', (_, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1');
