/** What `sallyport init` writes. */
export const EXAMPLE = `# Sallyport's configuration. The edge gets none of what stands under 'connection': that is the connector's alone.

# The edge on this machine: 'sallyport dev' runs it together with the connector, 'sallyport edge' alone.
edge:
  listen: 127.0.0.1:7843
  state: ./sallyport-state          # everything that is kept: recordings, keys, the first administrator's token
  # url: https://sallyport.example.com   # how others reach it, when a proxy with TLS stands before it
  # shards: 1                            # session objects that sessions share; 0 gives each its own
  # approvals:                           # where people are asked; see docs/approvals.md
  #   slack: {webhook: {env: SLACK_WEBHOOK_URL}, signingSecret: {env: SLACK_SIGNING_SECRET}}
  #   webhook: {url: {env: APPROVAL_WEBHOOK_URL}, secret: {file: /etc/sallyport/webhook-secret}}

# The connector: the inner door, in the network of the targets.
connector:
  name: main
  # edge: https://sallyport.example.com  # not needed under 'sallyport dev'
  state: ./sallyport-state/connector     # its key

# Who may administer: principals and group:NAME, either with * as a wildcard.
administrators: []
# administrators: [group:platform, corp/alice@example.com]

# Whose OpenID Connect tokens are accepted. With a clientId, 'sallyport login' offers the issuer.
issuers: []
#  - name: corp
#    issuer: https://login.example.com
#    audience: sallyport
#    clientId: sallyport-cli
#    principalClaim: email
#    groupsClaim: groups

# Limits of a session.
limits:
  idle: 1h
  max: 12h
  bytes: 8GiB
  resume: 15s

# What may be done: a file of Cedar policies, which decide on every connection and statement; see docs/policies.md.
# Without one the starter set is in force: 'sallyport policy init policies.cedar' writes it, to begin with.
# policies: ./policies.cedar

# Who may answer approvals in Slack, and as whom; the policies decide whether they may.
# approvals:
#   slack:
#     users:
#       - {id: U024BE7LH, principal: corp/alice@example.com, groups: [dba]}

targets:
  - name: orders
    kind: postgres
    connector: main
    description: The orders database
    allow: [service/*]                   # who may open it; nobody, if empty
    connection:
      host: 127.0.0.1
      port: 5432
      databases: [orders]                # only these may be opened; the first is the default
      user: sallyport
      password: {env: ORDERS_PASSWORD}   # or {file: PATH}, or {command: [PROGRAM, ARGUMENT, …]}
      tls: {mode: disable}               # for a database on this machine; verify-full is the default
    # Columns that are masked for whom no policy permits to unmask them; see docs/masking.md.
    # labels:
    #   public.customers.email: pii.email
    #   public.*.ssn: pii.ssn
    # masks:                             # how; NULL where nothing is said
    #   pii.email: {mask: partial, as: email}

#  - name: web
#    kind: ssh
#    connector: main
#    description: The web server
#    allow: [service/*]
#    connection:
#      host: web-1.internal
#      accounts:                          # login names; the first that somebody may have is theirs by default
#        - {name: deploy, allow: [service/*]}
#        - {name: admin, allow: [group:platform]}
#      credentials: {key: {file: ./web-key}}   # also passphrase, certificate: PATH, or password
#      hostKeys: {fingerprints: ["SHA256:…"]}  # or knownHosts: PATH
#      # environment: [LANG, LC_*]        # what agents may set
#      # algorithms: compatible           # for hosts of old
#    # detectors: {email: mask}           # what is masked in terminals and output; see docs/masking.md

#  - name: shop
#    kind: http
#    connector: main
#    description: The shop's API
#    allow: [service/*]
#    connection:
#      url: https://shop.internal/api     # with a path, agents reach what is below it
#      # tls: {ca: ./shop-ca.pem}         # as for databases; http:// needs {mode: disable}
#      credential: {bearer: {file: ./shop-token}}   # read again when it changes
#      # credential: {header: X-Api-Key, value: {env: SHOP_KEY}}
#      # credential: {basic: {user: sallyport, password: {env: SHOP_PASSWORD}}}
#      # credential: {sigv4: {region: eu-central-1, service: s3, accessKeyId: {env: AWS_ACCESS_KEY_ID}, secretAccessKey: {env: AWS_SECRET_ACCESS_KEY}}}
#      # encodedSlashes: true             # %2F may stand in paths: the service takes it for no '/'
#      # timeouts: {connect: 10000, response: 300000}   # ms, until it is connected, until it begins to answer
#      # connections: 1000                # requests under way at once

#  - name: cluster
#    kind: kubernetes
#    connector: main
#    description: The staging cluster
#    allow: [service/*]
#    connection:
#      server: https://10.0.0.1:6443
#      ca: ./cluster-ca.crt
#      token: {file: ./cluster-token}     # or certificate: PATH and key: {file: PATH}
#      # inCluster: true                  # instead of these three, for a connector that is a pod of the cluster
#      # impersonate:                     # as whom agents act there: their own names behind a prefix, but for these
#      #   userPrefix: "sallyport:"
#      #   groupPrefix: "sallyport:"
#      #   users: [{principal: corp/alice@example.com, as: alice@example.com}]
#      #   groups: [{group: platform, as: [platform-admins]}]
`;
