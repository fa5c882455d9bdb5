"""REDIRECT: one address takes the place of all recipients."""

from harness.client import message


def test_the_target_is_completed_as_recipients_are(make_instance, sink):
    i = make_instance("header_checks = pcre:{ {/^Subject: elsewhere/ REDIRECT abuse@short} }\n"
                      "append_dot_mydomain = yes\nmydomain = sink.example\n", relay_port=sink.port).start()
    i.send(message(subject="elsewhere"), "sender@load.example", "a@sink.example", "b@sink.example")
    received = sink.wait(1)
    assert received[0].recipients == ["abuse@short.sink.example"]
    i.wait_queue(0)
    assert len(sink.messages) == 1
