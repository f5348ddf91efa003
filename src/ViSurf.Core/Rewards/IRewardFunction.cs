using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>
/// One named number for one completion. Pure and thread-safe: a suite may score completions in parallel. Let exceptions out: the
/// suite adds the example's id and the reward's name.
/// </summary>
public interface IRewardFunction
{
    /// <summary>Unique in a suite; reports and reward controllers find the component by it. Snake case by custom.</summary>
    string Name { get; }

    /// <summary>The largest value <see cref="Score"/> can return.</summary>
    /// <value>1 unless the reward says otherwise.</value>
    double Maximum => 1.0;

    /// <summary>The smallest value <see cref="Score"/> can return.</summary>
    /// <value>0 unless the reward says otherwise: a penalty runs from a negative number to 0.</value>
    double Minimum => 0.0;

    /// <summary>Scores one completion.</summary>
    /// <returns>
    /// A finite number; null when the reward does not apply to this kind of example. A malformed completion is a low score;
    /// a malformed label is an exception.
    /// </returns>
    double? Score(VisionExample example, Completion completion);
}
