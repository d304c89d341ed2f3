//! Published and computed test vectors of WeChat's callback scheme: values only.

/// WeChat's own example of a push in safe mode.
pub(super) const PUBLISHED_SEALED: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVza\
     zhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwK\
     SqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

/// What is in it.
pub(super) const PUBLISHED_MESSAGE: &str = r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;

/// WeChat's own example of a reply.
pub(super) const PUBLISHED_REPLY_SEALED: &str = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==";

/// A scan.
pub(super) const SCAN_MESSAGE: &str = "<xml><ToUserName><![CDATA[gh_portal0000001]]></ToUserName><FromUserName><![CDATA[oPortal_User_0000000000000A1]]></FromUserName><CreateTime>1767225605</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[lg_7Qk2vX9bTz]]></EventKey><Ticket><![CDATA[gQTicketDemo0001]]></Ticket></xml>";

/// The scan under key K1.
pub(super) const SCAN_SEALED: &str = "base64(ciphertext)";

/// A reply with text beyond ASCII.
pub(super) const REPLY_MESSAGE: &str = "<xml><ToUserName><![CDATA[oPortal_User_0000000000000A1]]></ToUserName><FromUserName><![CDATA[gh_portal0000001]]></FromUserName><CreateTime>1767225606</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[登录成功]]></Content></xml>";

/// The reply under key K2, whose spare bits are not zero.
pub(super) const REPLY_SEALED: &str = "qyU5UQnSvqh0eGYNT80woJfMuQ28g2ANsPUL2EV4u5bKAvrmOxHDOexycdznoA79HtgwtMB0v4C1mV/ftxNZqrVRzQu12KgXoAmo\
     NPWkrT+YQNXje/s3BmR8MniiRx9XoZC6YMWgfZ1LWfHskYK8579aGmnCQUyjO2+uMthceJPNnZIjUlyH4Eo4IelkvWzuNjKAYN4K\
     Xmj+JSv4mqkweL7pBYoMdxVQHOvhiZIYeS2wugla0D4O7RH3F88pePXUNsOZOxnm49RYwuDR+3Yh0CRhfeaoQzk/78gHFnEhvuRc\
     r214Pjxdi5FjOzsUzZJP7u4quAENiqRDADTs6qlMLAMe0JvNB62iN1023Nxn0mGrYLYKWDX9Wl4DyrInwPaUq5ZZJsNL4wVrD97J\
     HXPQxnmiaTb4A1QuY9MA72p/RZmgaiBlbVOHGEbCz8WlNz4OZ7TYiBOKg6bUMmn1hWmS2WeZvCnCuKTWbBypUVyBd9gjZtuTeDv8\
     JHuIrkknrMRm";

/// A message whose padding fills a whole block.
pub(super) const BOUNDARY_SEALED: &str = "+i3WTWZP5wqZ3e+0K4CFU1xGDw4o499ZoXW3eaLp9RKEV6CmYOg1a09AflLSR8dBFj6gOdlUMpto2N2mbJlaMxn1N3qdIzrcd/u2\
     5IO+FL4QYk2c/NZd5Ii667JLEQ+A";
