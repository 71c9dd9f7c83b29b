"""Run by a Python that has opentelemetry-proto: OTLP JSON on standard input, a request a line, into one of protobuf."""

import base64
import json
import sys


def main():
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    whole = ExportTraceServiceRequest()
    for line in sys.stdin:
        request = json.loads(line)
        for resource in request["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    # OTLP has ids in hexadecimal where protobuf's own JSON has base64.
                    for name in ("traceId", "spanId"):
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
        whole.MergeFrom(ParseDict(request, ExportTraceServiceRequest()))
    sys.stdout.buffer.write(whole.SerializeToString())


if __name__ == "__main__":
    main()
