/** The words that this program was started with. A file of its own: it is loaded before the role is known. */

/** The words of the command line after the program's name, compiled or not. */
export function ownArguments(): readonly string[] {
  return process.argv.slice(2);
}
