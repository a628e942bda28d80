/** One-time login links to the two pages. The token stands in the fragment, which a browser sends to no server. */
import type { PageName } from "./page-keys.ts";
import type { PageLogin } from "./page-login.ts";

export class PageLinks {
  readonly #login: PageLogin;
  readonly #ports: Readonly<Record<PageName, number>>;

  constructor(login: PageLogin, ports: Readonly<Record<PageName, number>>) {
    this.#login = login;
    this.#ports = ports;
  }

  /** Where a page is served. */
  url(page: PageName): string {
    return `http://127.0.0.1:${this.#ports[page]}/`;
  }

  mint(page: PageName): { readonly link: string; readonly expiresMs: number } {
    const { token, expiresMs } = this.#login.mint(page);
    return { link: `${this.url(page)}#t=${token}`, expiresMs };
  }
}
