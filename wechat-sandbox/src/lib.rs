//! A WeChat on localhost.
