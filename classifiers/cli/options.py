"""Options that several sub-commands take, said once."""

from typing import Annotated

import typer

from landmarks.detection.registry import Detector

ModelOption = Annotated[
    str, typer.Option(help="A bundle's folder, or one of landmarks, fused, auto.")
]
DetectorOption = Annotated[
    Detector, typer.Option(help="What looks for faces; mtcnn is installed when asked for.")
]
CameraOption = Annotated[str, typer.Option(help="A camera's number, or a film in its place.")]
FacesOption = Annotated[int, typer.Option(min=1, help="Most faces to follow at a time.")]
SmoothingOption = Annotated[
    float, typer.Option(min=0, help="Seconds to average over (tau); 0: none.")
]
