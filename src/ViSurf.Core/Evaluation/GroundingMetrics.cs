using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Evaluation;

/// <summary>Collects predictions and reports their metrics; rows with grounding labels, text labels and none may be mixed.</summary>
public sealed class GroundingMetrics
{
    private readonly List<GroundingRow> _grounding = [];
    private readonly ExactAnswerReward _exactAnswer = new();
    private int _rows, _thinkingFormat, _text, _exact;

    /// <summary>Adds one prediction.</summary>
    /// <param name="example">The row, with its label when it has one.</param>
    /// <param name="predicted">The completion's text, without special tokens.</param>
    /// <exception cref="InvalidDataException">A text label is blank.</exception>
    public void Add(VisionExample example, string predicted)
    {
        Guard.NotNull(example);
        Guard.NotNull(predicted);
        _rows++;
        if (ThinkAnswerText.IsThinkThenAnswer(predicted)) _thinkingFormat++;
        if (example.Target is GroundingTarget target)
            _grounding.Add(GroundingRow.Compare(AnswerParser.Objects(predicted), target));
        if (example.Target is TextTarget)
        {
            _text++;
            if (_exactAnswer.Score(example, Completion.OfText(predicted)) > 0) _exact++;
        }
    }

    /// <summary>The metrics of everything added so far.</summary>
    public GroundingReport Report()
    {
        var (empty, targets) = (_grounding.Where(r => r.TargetEmpty).ToArray(), _grounding.Where(r => !r.TargetEmpty).ToArray());
        var unions = _grounding.Sum(r => r.Union);
        return new GroundingReport
        {
            Rows = _rows,
            GroundingRows = _grounding.Count,
            EmptyRows = empty.Length,
            TextRows = _text,
            ParseErrors = _grounding.Count(r => !r.Parsed),
            GIoU = _grounding.Count > 0 ? _grounding.Average(r => r.IoU) : null,
            CIoU = unions > 0 ? _grounding.Sum(r => r.Intersection) / unions : null,
            NAcc = Rate(empty, r => r.PredictedEmpty),
            TAcc = Rate(targets, r => r.Parsed && !r.PredictedEmpty),
            BoxAccuracy = Rate(_grounding, r => r.BoxHit),
            PointAccuracy = Rate(targets, r => r.PointHit),
            ThinkingFormatRate = Rate(_thinkingFormat, _rows),
            ExactAnswerAccuracy = Rate(_exact, _text),
        };
    }

    private static double? Rate(IReadOnlyCollection<GroundingRow> rows, Func<GroundingRow, bool> isRight)
        => Rate(rows.Count(isRight), rows.Count);

    private static double? Rate(int right, int all) => all > 0 ? (double)right / all : null;
}
