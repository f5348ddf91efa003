using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Training;

namespace Quickstart;

/// <summary>A held-out row with what the gallery draws over it.</summary>
/// <param name="Example">The row.</param>
/// <param name="Boxes">The boxes in the model's answer; null when there is no answer that can be read.</param>
/// <param name="Truth">The true boxes, or null for a row that is answered in words.</param>
internal sealed record Prediction(VisionExample Example, IReadOnlyList<Box>? Boxes, IReadOnlyList<Box>? Truth)
{
    public static Prediction Of(EvaluatedExample answer)
    {
        // Answer and label are in the model's coordinates, the drawing in pixels of the picture.
        var example = answer.Example;
        Func<Box, Box> drawn = example.PictureSize is null ? box => box : example.ToPicture().Apply;
        return new(
            example,
            AnswerParser.Objects(answer.Completion.Text)?.Select(o => drawn(o.Box)).ToArray(),
            (example.Target as GroundingTarget)?.Objects.Select(o => drawn(o.Box)).ToArray());
    }
}
