using ViSurf.Core.Data;

namespace TinyBase.Shapes;

internal enum QuestionKind
{
    /// <summary>"Find the red circle." of a picture that has one.</summary>
    Present,

    /// <summary>"Find the object.": what it is must be seen, the question does not say.</summary>
    Any,

    /// <summary>"Find the red circle." of a picture that shows nothing but its background: the right answer is an empty list.</summary>
    Absent,

    /// <summary>"What colour is the square?"</summary>
    Colour,

    /// <summary>"How many circles are there?"</summary>
    Count,
}

/// <summary>A picture with a question, its true answer, and what the base model is taught to say.</summary>
/// <param name="Id">Unique in its data set.</param>
/// <param name="Scene">The picture.</param>
/// <param name="Kind">The kind of question.</param>
/// <param name="Question">The question, as the user asks it.</param>
/// <param name="Target">The truth: the label of post-training.</param>
/// <param name="BaseAnswer">The base model's lesson, thought included; where nothing is it claims a box in the middle.</param>
internal sealed record Row(string Id, Scene Scene, QuestionKind Kind, string Question, Target Target, string BaseAnswer)
{
    /// <summary>The row for post-training and evaluation.</summary>
    public VisionExample Example() => VisionExample.Ask(Id, Question, Target, Picture());

    /// <summary>The row for the base model's supervised training: the whole answer is the target, to be written as it stands.</summary>
    public VisionExample Lesson() => VisionExample.Ask(Id, Question, new TextTarget(BaseAnswer), Picture());

    private ImageSource Picture() => ImageSource.FromBytes(SceneRenderer.Png(Scene), Id + ".png");
}
