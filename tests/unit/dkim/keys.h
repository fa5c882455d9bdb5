/* keys.h: keys that sign nothing but tests.
 */
#ifndef TESTS_UNIT_DKIM_KEYS_H
#define TESTS_UNIT_DKIM_KEYS_H

static const char rsa_pem[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQCvkdQ43Bi5Ls1rUsnF4J0KC0bv6hgExpWuWOL33tOfY20l1S+P\n"
    "l7xAObm2CFAeDUOPTGD55u6icOAAUBlRqfvry8/LCCeSyhsDLNvzqQXN9DDD9fTq\n"
    "0A5tjkgnbRpOrJ8LiMI9Ro/jWjiKcLBzWdx9A7TQOYXj0tTkUmK+JZ+c4wIDAQAB\n"
    "AoGBAKQnmWHAiG080Vwzf+y/4pTtjlnraqGse28UNMLFWOCCOh9RgLKlkKIMVxNY\n"
    "GnC+vhhRtapyvVSsbQRd4A52/M8iShdEwN/HRITMMSe9+tw7tMu3AtcpDE6DOoL0\n"
    "RzbUaDcaBR7LmXnYd40dLLjeey4tK2e874pXj8cEpX6AFTVBAkEA3pfoyIO8Zg2m\n"
    "ToNy4SdO6wG32PqBywBN8bcat/9HV0w2/4M/ZNcAC19L1mcPi9aTYQh0aTWUzwzf\n"
    "k2rLMpu5OwJBAMnrQY7M+nhJzqLLmAecnHQl+btKQ6um7uZxX2ZepWxsKqPVMHJw\n"
    "0qfMAKrsZlkk7Q9OgRyjGWzreBXdctE+MHkCQDFX+4J3sYvt+q/s88p1rEjsWJUA\n"
    "80TNDHpI3ONs86OmgYqizarM/nWG6ojcz9Vv+7vG5AdumU5MzEMhqWnOm4ECQQDB\n"
    "ZmggkwzE8kzNeRxhDgx843LThUpTu0zPxH+P2c+wjdo5mhURSCc9ORTaohtV/xxg\n"
    "sNzRxRaxUMhwiO9Uo7BhAkBT2OtBgDnnYzsOrPhA/lVIADD3+n4QSnJLUEylLbpD\n"
    "432Y83skfwreVBgTxaTV3B9/icsFkrlEGkrLK9ecw1iF\n"
    "-----END RSA PRIVATE KEY-----\n";

/* RFC 8463 appendix A.2 */
static const char ed25519_seed[] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n";
static const char ed25519_public[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

#endif
