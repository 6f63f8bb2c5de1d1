import type { ProviderSettings, ProxySettings, Settings } from "./settings.ts";
import type { Environment } from "./source.ts";

/** Everything in the settings that must never be shown: keys, passwords, what a plug-in's options refer to. */
export function secretsOf({ redisUrl, proxy, providers }: Settings): readonly string[] {
  return [...ofUrl(redisUrl), ...ofUrl(proxy), ...providers.flatMap(providerSecrets)];
}

/** The part of them that belongs to one provider. */
export function providerSecrets({ keys, proxy, plugin }: ProviderSettings): readonly string[] {
  return [...keys.map(({ secret }) => secret), ...ofProxy(proxy), ...(plugin?.secrets ?? [])];
}

/** What steps may read of the environment: hidden as well, and theirs to read. */
export function stepSecrets({ stepVariables }: Settings): readonly string[] {
  return Object.values(stepVariables).filter((value) => value !== null);
}

/**
 * What variables that nobody of ours reads hold, by their names (`AWS_SECRET_ACCESS_KEY`): a dump of the environment would show it. Short
 * values, and files and addresses where secrets are, are none.
 */
export function secretVariables(env: Environment): readonly string[] {
  return Object.entries(env).flatMap(([name, value = ""]) => {
    const isNamedSo = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY$/i.test(name);
    return isNamedSo && !/_(FILE|PATH|DIR|URL|URI)$/i.test(name) && value.length >= 8 ? [value] : [];
  });
}

function ofProxy(proxy: ProxySettings | null): readonly string[] {
  return proxy ? [...ofUrl(proxy.http), ...ofUrl(proxy.https)] : [];
}

/** A URL's password: as it is, as the URL has it, and with its user, for headers join them. */
function ofUrl(url: string | null): readonly string[] {
  if (url === null || !URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  if (password === "") return [];
  const [user, plain] = [username, password].map(decoded);
  return [password, plain ?? "", `${user}:${plain}`];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
