"""Has a running page read photos over HTTP: python examples/ask_the_page.py http://127.0.0.1:7860 PHOTO...

The page is the service: `lpgan-demo demo --backend onnx`, or the container. This needs `pip install gradio-client`
and nothing else of the project. Exit status 1 when a photo could not be read.
"""

import sys

from gradio_client import Client, handle_file


def ask(client: Client, photo: str) -> list[dict]:
    """The plates of a photo: text, confidence, legibility, characters, corners and box of each."""
    return client.predict(handle_file(photo), api_name="/read_photo")


if __name__ == "__main__":
    address, *photos = sys.argv[1:] or ["http://127.0.0.1:7860"]
    try:
        client, failed = Client(address, verbose=False), False
    except Exception as error:  # nobody answers there, or something that is no such page
        sys.exit(f"{address} does not answer as the page does: {error}")
    for photo in photos:
        try:
            for plate in ask(client, photo):
                print(photo, plate["text"], plate["confidence"], plate["legibility"], sep="\t")
        except Exception as error:  # what the page answers with: a file that is no picture, a full queue
            print(f"{photo}: {error}", file=sys.stderr)
            failed = True
    sys.exit(failed)
