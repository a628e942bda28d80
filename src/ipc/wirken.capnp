# Wire schema between the gateway and its peers. Byte-level rules: docs/formats/frames.md.
# No payload struct carries a field that routes: routing comes from the connection. `channel` and `instance` of an
# inbound event are claims that the gateway compares with what the handshake resolved.
@0xd5a3a1b6c09f4e27;

struct Frame {
  union {
    challenge @0 :Challenge;
    response @1 :Response;
    result @2 :Result;
    signed @3 :Signed;
  }
}

struct Challenge {
  version @0 :UInt16;
  gatewayNonce @1 :Data;       # 32 bytes
}

struct Response {
  version @0 :UInt16;
  role @1 :Role;
  peerId @2 :Text;
  peerPublicKey @3 :Data;      # 32 bytes
  peerNonce @4 :Data;          # 32 bytes
  signature @5 :Data;          # 64 bytes
}

enum Role {
  adapter @0;
  mcp @1;
  signer @2;
  console @3;
}

struct Result {
  accepted @0 :Bool;
  reason @1 :Refusal;
  gatewayPublicKey @2 :Data;   # 32 bytes, absent in a refusal
  signature @3 :Data;          # 64 bytes, absent in a refusal
}

enum Refusal {
  none @0;
  version @1;
  unknownPeer @2;
  wrongRole @3;
  wrongKey @4;
  badSignature @5;
  equalNonces @6;
  alreadyConnected @7;
  timeout @8;
  malformed @9;
  wrongProcess @10;
  busy @11;
}

struct Signed {
  counter @0 :UInt64;
  payload @1 :Data;            # a message whose root is a Payload
  signature @2 :Data;          # 64 bytes
}

struct Payload {
  union {
    heartbeat @0 :Void;
    chunk @1 :Chunk;
    inbound @2 :Inbound;
    inboundAck @3 :InboundAck;
    outbound @4 :Outbound;
    delivery @5 :Delivery;
    prompt @6 :ApprovalPrompt;
    promptClosed @7 :PromptClosed;
    activity @8 :Activity;
    adapterState @9 :AdapterReport;
    request @10 :Request;
    response @11 :Reply;
    event @12 :Event;
    stop @13 :Void;
  }
}

struct Chunk {
  id @0 :UInt32;
  index @1 :UInt32;
  last @2 :Bool;
  data @3 :Data;
}

struct Inbound {
  eventId @0 :Text;
  messageId @1 :Text;
  senderId @2 :Text;
  displayName @3 :Text;
  channel @4 :Text;
  instance @5 :Text;
  conversation @6 :Text;
  thread @7 :Text;
  parts @8 :List(Part);
  tsMs @9 :Int64;
  isGroup @10 :Bool;
  mentioned @11 :Bool;
  replyTo @12 :Text;
  editOf @13 :Text;
  kind @14 :InboundKind;
  value @15 :Text;
}

enum InboundKind {
  message @0;
  edit @1;
  reaction @2;
  button @3;
  command @4;
}

struct Part {
  union {
    text @0 :Text;
    quoted @1 :Text;
    forwarded @2 :Text;
    preview @3 :Text;
    attachment @4 :Attachment;
  }
}

struct Attachment {
  handle @0 :Text;
  name @1 :Text;
  mediaType @2 :Text;
  bytes @3 :UInt64;
  sha256 @4 :Data;             # 32 bytes
}

struct InboundAck {
  eventId @0 :Text;
  conversation @1 :Text;
  status @2 :AckStatus;
}

enum AckStatus {
  recorded @0;
  duplicate @1;
  refused @2;
}

struct Outbound {
  outboundId @0 :Text;
  conversation @1 :Text;
  thread @2 :Text;
  replyTo @3 :Text;
  markdown @4 :Text;
  purpose @5 :Purpose;
}

enum Purpose {
  answer @0;
  notice @1;
}

struct Delivery {
  outboundId @0 :Text;
  state @1 :DeliveryState;
  messageIds @2 :List(Text);
  code @3 :Text;
}

enum DeliveryState {
  sending @0;
  delivered @1;
  failed @2;
  unknown @3;
}

struct ApprovalPrompt {
  approvalId @0 :Text;
  conversation @1 :Text;
  thread @2 :Text;
  tier @3 :UInt8;              # 2 or 3
  title @4 :Text;
  exact @5 :Text;
  facts @6 :List(Fact);
  askedMs @7 :Int64;
  expiresMs @8 :Int64;
  answerable @9 :Bool;
  elsewhere @10 :Text;
  grantOffer @11 :Text;
}

struct Fact {
  label @0 :Text;
  text @1 :Text;
  alarming @2 :Bool;
}

struct PromptClosed {
  approvalId @0 :Text;
  conversation @1 :Text;
  thread @2 :Text;
  outcome @3 :Text;
  verdict @4 :ClosedVerdict;
}

enum ClosedVerdict {
  approved @0;
  denied @1;
  expired @2;
  changed @3;
  cancelled @4;
}

struct Activity {
  conversation @0 :Text;
  thread @1 :Text;
  working @2 :Bool;
}

struct AdapterReport {
  state @0 :AdapterState;
  detail @1 :Text;
}

enum AdapterState {
  starting @0;
  ready @1;
  degraded @2;
  rejected @3;
  stopping @4;
}

struct Request {
  id @0 :UInt32;
  method @1 :Text;
  body @2 :Text;
}

struct Reply {
  id @0 :UInt32;
  ok @1 :Bool;
  body @2 :Text;
}

struct Event {
  name @0 :Text;
  body @1 :Text;
}
