/** What a browser gets: an answer after all redirects within the edge. */
export interface Visit {
  status: number;
  /** Where it ended. */
  url: URL;
  headers: Headers;
  text: string;
  /** Where each redirect led. */
  way: URL[];
}

/**
 * A browser in front of an edge, as far as the edge can tell: it keeps cookies, follows redirects within the edge, and
 * says of each request from what kind of page it comes. An address outside the edge is where a visit ends.
 */
export class Browser {
  /** As the edge set them, by name. */
  readonly cookies = new Map<string, { value: string; attributes: string }>();
  readonly #origin: string;
  readonly #edge: URL;

  /** `origin`: what people have in their address bar; `edge`: where it listens, when a proxy stands between. */
  constructor(origin: string, edge: URL) {
    this.#origin = origin;
    this.#edge = edge;
  }

  /** Opens an address as a person does who follows a link in a message. */
  get(address: string, headers: Record<string, string> = {}): Promise<Visit> {
    return this.#go(new URL(address, this.#origin), { headers: { "sec-fetch-site": "none", ...headers } });
  }

  /** Follows a link of a page of the edge. */
  follow(address: string): Promise<Visit> {
    return this.get(address, { "sec-fetch-site": "same-origin" });
  }

  /** Sends a form, from a page of the edge unless the headers say otherwise; an empty one is left out. */
  post(
    address: string,
    form: Record<string, string> | URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Visit> {
    const all = { origin: this.#origin, "sec-fetch-site": "same-origin", ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    return this.#go(new URL(address, this.#origin), {
      method: "POST",
      headers: sent,
      body: new URLSearchParams(form),
    });
  }

  async #go(start: URL, init: RequestInit): Promise<Visit> {
    const way: URL[] = [];
    let url = start;
    let next = init;
    for (;;) {
      const response = await fetch(new URL(url.pathname + url.search, this.#edge), {
        ...next,
        redirect: "manual",
        headers: { ...(next.headers as Record<string, string>), cookie: this.#cookieHeader() },
      });
      this.#keep(response.headers);
      const location = response.headers.get("location");
      const text = await response.text();
      if (location === null) return { status: response.status, url, headers: response.headers, text, way };
      url = new URL(location, url);
      way.push(url);
      if (url.origin !== this.#origin || way.length > 10) {
        return { status: response.status, url, headers: response.headers, text, way };
      }
      const { "sec-fetch-site": site = "none" } = next.headers as Record<string, string>;
      next = { headers: { "sec-fetch-site": site } };
    }
  }

  #cookieHeader(): string {
    return Array.from(this.cookies, ([name, { value }]) => `${name}=${value}`).join("; ");
  }

  #keep(headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      const [, name, value, attributes] = /^([^=]+)=([^;]*);? ?(.*)$/.exec(cookie)!;
      if (/max-age=0/i.test(attributes!)) this.cookies.delete(name!);
      else this.cookies.set(name!, { value: value!, attributes: attributes! });
    }
  }
}

/** The value of a form's hidden member, such as `csrf`. Throws where the page has none. */
export function hidden(page: string, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1];
  if (value === undefined) throw new Error(`the page has no ${name}: ${page}`);
  return value;
}
