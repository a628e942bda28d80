/** Every bound of the program in one place, with its unit in the name and its reason beside it. */
export const LIMITS = {
  // frames (docs/formats/frames.md)
  frame_bytes_min: 16, // the smallest Cap'n Proto message: header and root pointer
  frame_bytes_max: 65_536, // a peer can make us hold this much before we have looked at it
  frame_depth_max: 8,
  frame_pointers_max: 1_024, // the decoder's cost is per pointer
  chunk_bytes_max: 49_152, // payload bytes in one frame; more are chunked. Leaves room for the frame around it
  chunks_open_max: 4, // bodies being assembled for one peer at a time
  chunked_bytes_max: 8 * 1_024 * 1_024, // longer bodies go by handle
  handshake_ms_max: 5_000,
  heartbeat_ms: 15_000,
  silence_ms_max: 45_000,
  unauthenticated_max: 16, // connections in their handshake at a time
  calls_open_max: 256, // requests without their response, per connection and direction
  id_bytes_max: 512, // a platform's ids; the longest we know of are under 300
  short_text_bytes_max: 4_096, // titles, details, button values
  long_text_bytes_max: 1_048_576, // an answer, the exact call of an approval
  facts_max: 8,
  message_ids_max: 256, // platform messages that one outbound text became
  lies_max: 5, // channel mismatches within the window end the connection
  lies_window_ms: 60_000,
  refusals_logged_per_minute_max: 10, // per reason, then one row with a count
  peer_queue_bytes_max: 16 * 1_024 * 1_024, // unsent bytes to a slow peer; over it the peer is dropped
  // hand-off
  handoff_bytes_max: 65_536,
  // messages
  inbound_text_bytes_max: 262_144, // 100 KB pasted texts pass with room
  display_name_chars_max: 128,
  parts_max: 32,
  attachment_bytes_max: 20 * 1_024 * 1_024, // what the Bot API hands out
  conversation_queue_max: 100, // messages waiting while a turn runs
  inbound_open_max: 64, // events of one adapter without their ack; one that sends more is dropped
  inbound_ack_ms_max: 60_000, // an adapter that waits longer for an ack connects anew and offers its events again
  // inflow of a person: a burst, and what comes after it; far above what a person types
  inflow_events_per_minute: 60,
  inflow_events_burst: 300,
  inflow_conversations_per_minute: 6,
  inflow_conversations_burst: 60,
  inflow_answers_per_minute: 20,
  inflow_answers_burst: 40,
  inflow_persons_factor: 10, // an adapter may bring as much as this many persons
  // audit
  payload_bytes_max: 1_048_576,
  content_bytes_max: 4 * 1_048_576,
  uncovered_rows_max: 1_000,
  uncovered_ms_max: 300_000,
  checkpoint_interval_ms_min: 1_000,
  // turn
  tool_rounds_max: 20,
  tool_output_bytes_max: 65_536, // what the model and the row get; head and tail are kept
  model_response_bytes_max: 2 * 1_048_576,
  model_raw_bytes_max: 64 * 1_048_576, // framing around small pieces is many times their size
  model_error_bytes_max: 16_384, // of a refusal's body, read for its class and a sentence
  model_silence_ms_max: 300_000, // a local model may think this long before its first word
  model_attempts_max: 4,
  model_retry_ms_max: 60_000, // a longer Retry-After ends the turn and is shown
  model_calls_per_round_max: 16, // more are refused, each with its row
  model_calls_max: 1_024, // more in one answer end it
  scrubbed_secret_bytes_min: 8, // shorter keys are words that local servers take ("none", "ollama")
  approval_ms: 15 * 60_000,
  grant_days: 30,
  grant_days_max: 365,
  approvals_pending_max: 32, // per agent: a hostile model cannot bury a person in cards
  // exec
  exec_ms_max: 120_000,
  exec_memory_bytes_max: 2 * 1_024 * 1_024 * 1_024,
  exec_processes_max: 128,
  exec_file_bytes_max: 256 * 1_024 * 1_024,
  live_output_ms: 200, // between two tellings of a running command's lines
  live_lines_max: 20, // in one telling; what came before them is counted
  live_line_chars_max: 500,
  // the box of commands
  box_tmp_bytes_max: 512 * 1_024 * 1_024, // its /tmp, in memory
  box_shm_bytes_max: 64 * 1_024 * 1_024,
  box_tasks_max: 512, // threads included, which exec_processes_max does not count; the kernel's least is 301
  box_disk_bytes_max: 4 * 1_024 * 1_024 * 1_024, // by how much free space may shrink while a command runs
  box_disk_left_bytes_min: 256 * 1_024 * 1_024, // a command ends before the disk is full for everybody else
  box_kept_entries_max: 50_000, // a tree with more is not kept, and its commands ask each time
  box_kept_bytes_max: 512 * 1_024 * 1_024,
  box_kept_file_bytes_max: 64 * 1_024 * 1_024,
  box_old_bytes_max: 256 * 1_024 * 1_024, // bytes for undo alone; oldest go first
  box_grant_ms_max: 8 * 3_600_000,
  agent_folders_max: 32,
  // files
  read_bytes_max: 262_144,
  write_bytes_max: 4 * 1_048_576,
  folder_file_bytes_max: 524_288, // of a given folder, whole in one line of the link to the box role
  list_entries_max: 1_000,
  search_matches_max: 200,
  snapshot_bytes_max: 512 * 1_024 * 1_024, // per agent, oldest go first
  // http
  http_ms_max: 30_000,
  http_body_bytes_max: 4 * 1_048_576,
  http_redirects_max: 5,
  egress_verdicts_max: 256, // different verdicts of one call, a row each
  // pages
  page_body_bytes_max: 262_144,
  page_body_ms_max: 10_000, // a body is small and comes from this computer: a slow one only holds a connection
  page_requests_per_minute_max: 600,
  login_token_ms_max: 10 * 60_000,
  // keychain: an unlock prompt waits for a person, a hanging bus for nobody
  keychain_ms_max: 20_000,
  keychain_slow_ms: 1_000, // after this long a line says what is being waited for
  // keeper
  keeper_line_bytes_max: 16_384, // one message between keeper and gateway
  restart_ms_min: 1_000,
  restart_ms_max: 60_000,
  healthy_ms: 60_000, // after this long the backoff starts over
  stop_ms_max: 10_000,
} as const;
