/**
 * Subprotocols of exec and attach whose messages begin with the number of their channel, as a byte (`remotecommand` in
 * k8s.io/apiserver).
 */
export const CHANNEL_PROTOCOLS = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
];

/** The channels. `close`, of v5 alone, is followed by the number of the channel that is closed. */
export const Channel = { input: 0, output: 1, error: 2, status: 3, resize: 4, close: 255 } as const;
