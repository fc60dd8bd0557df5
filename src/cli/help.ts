/** What `saypin --help` says; docs/CLI.md says it at length. */

export const EXIT_CODES = `Ends with 0 when it is done, 1 when it failed, 2 when it was asked wrongly, 3 when there is no such key, user, verification
or application, 4 when what it needs (service, store) is not within reach, 5 when the key is not accepted or may not do this,
6 when a PIN is not verified, 7 when doctor found nothing broken but something to improve.
`;

export const OVERVIEW = `One-time PINs that are heard.

  saypin serve                                              the service, as npm start
  saypin sim                                                the simulated carrier and phones alone
  saypin demo                                               a first call from send to verify, with its waveform
  saypin say <text> [--pin <pin>] [-o <file>]...            makes the sound of a template
  saypin send --to <number> [--text <text>]...              makes a PIN and delivers it
  saypin verify <id> [<pin>]                                checks what the person typed
  saypin export [-o <file>]                                 applications, templates and delivery plans, as JSON
  saypin import <file> [--dry-run]
  saypin doctor                                             looks for what is wrong here, and says what to do

Who may call: API keys, and users for Basic, sessions and OAuth2.

  saypin keys create --name <name> [--scope <scope>]...     makes a key and prints it, this once
  saypin keys list
  saypin keys revoke <id>                                   at once and for good
  saypin users add <username> [--scope <scope>]... [--generate-password]
                                                            asks for the password, or reads a line of input
  saypin users list
  saypin users remove <username>                            with all sessions and tokens

  --scope    what it may do, such as 2fa:pin:send; without: everything but keys:manage
  --json     one JSON document instead of text
  --url      of the service; without: http://HOST:PORT. Keys and users go to the store in DATA_DIR where nothing runs there
  --help     of one command: saypin say --help; --version

The service is asked with API_KEY, or else with the key in DATA_DIR/api-key (data/api-key).
Colours and progress bars appear on a terminal only; NO_COLOR turns colours off there too.

${EXIT_CODES}`;
