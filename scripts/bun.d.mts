export function bunPath(): string;
export function runBun(args: readonly string[], options?: { cwd?: string }): Promise<number>;
